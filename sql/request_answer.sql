-- answer: what a provider says to a request

CREATE TABLE tempcloud_data.request_answer (
	request_id	uuid NOT NULL,
	provider_id	uuid NOT NULL,
	answered_by	uuid NOT NULL,
	accepted	boolean NOT NULL,
	reason		tempcloud_data.paragraph,
	created_at	timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	CONSTRAINT request_answer_pkey PRIMARY KEY (request_id),
	CONSTRAINT request_answer_request_fkey FOREIGN KEY (request_id, provider_id)
		REFERENCES tempcloud_data.request (id, provider_id),
	CONSTRAINT request_answer_answered_by_fkey FOREIGN KEY (answered_by, provider_id)
		REFERENCES tempcloud_data.contact (id, account_id)
);
SELECT pg_catalog.pg_extension_config_dump('tempcloud_data.request_answer', '');

COMMENT ON TABLE tempcloud_data.request_answer IS 'What providers answered: one answer to a request, never changed.';
COMMENT ON COLUMN tempcloud_data.request_answer.request_id IS 'The request that is answered';
COMMENT ON COLUMN tempcloud_data.request_answer.provider_id IS 'The provider who was asked, as the request has it';
COMMENT ON COLUMN tempcloud_data.request_answer.answered_by IS 'The provider''s contact who answered';
COMMENT ON COLUMN tempcloud_data.request_answer.accepted IS 'Whether it was accepted, at least in part, or declined';
COMMENT ON COLUMN tempcloud_data.request_answer.reason IS 'What the provider said to it';
COMMENT ON COLUMN tempcloud_data.request_answer.created_at IS 'When it was answered';

CREATE FUNCTION tempcloud.answer_request(
	id			uuid,
	accept		boolean,
	reason		text DEFAULT NULL,
	headcount	integer DEFAULT NULL,
	shifts		jsonb DEFAULT NULL)
RETURNS tempcloud.request
AS 'MODULE_PATHNAME', 'tempcloud_answer_request'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.answer_request IS
'Accept or decline a request
For the provider who was asked, as long as it is open. Who accepts may offer fewer people than asked: headcount is the most they offer for any shift; shifts, an array of objects with id and headcount, says it for single ones, 0 for none. The answer is final; what was accepted can be cancelled. The same answer given again does nothing.';
GRANT EXECUTE ON FUNCTION tempcloud.answer_request TO tempcloud_user;

-- What the extension consists of: tables, types, views and functions, with their
-- comments.  Keys, columns and their order are a contract: dumps and foreign
-- keys of other schemas rest on them.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;		-- so that names print with their schema
SELECT plan(141);

-- A relation as lines of text: its columns, keys, names of checks, and indexes.
-- (The text of a check differs between majors; what it refuses is tested.)
CREATE FUNCTION pg_temp.describe(relation regclass) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT line
	  FROM (SELECT 1, attnum::integer,
				   concat_ws(' ', attname,
							 replace(format_type(atttypid, atttypmod),
									 'timestamp with time zone', 'timestamptz'),
							 CASE WHEN attnotnull THEN 'NOT NULL' END,
							 'DEFAULT ' || pg_get_expr(adbin, adrelid))
			  FROM pg_attribute
			  LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
			 WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
			 UNION ALL
			SELECT 2, array_position('{p,u,f,c}', contype::text),
				   concat_ws(' ', conname,
							 CASE contype WHEN 'c' THEN 'CHECK' ELSE pg_get_constraintdef(oid) END)
			  FROM pg_constraint
			 WHERE conrelid = relation AND contype IN ('p', 'u', 'f', 'c')
			 UNION ALL
			SELECT 3, 0,
				   regexp_replace(pg_get_indexdef(indexrelid),
								  '^CREATE (UNIQUE )?INDEX (\w+) ON [\w.]+ USING', '\2 \1INDEX')
			  FROM pg_index
			 WHERE indrelid = relation
			   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
		   ) AS lines (part, number, line)
	 ORDER BY part, number, line COLLATE "C"
$$;

-- Compare with the lines expected, which are written with tabs before them.
CREATE FUNCTION pg_temp.relation_is(relation regclass, expected text) RETURNS text LANGUAGE sql AS $$
	SELECT results_eq(
		format('SELECT * FROM pg_temp.describe(%L)', relation),
		format('SELECT * FROM regexp_split_to_table(%L, ''\n\t'')', btrim(expected, E'\n\t')),
		format('%s is as described', relation))
$$;

-- Tables
SELECT tables_are('tempcloud_data', '{partner_note,read_mark,account,contact,invitation,invitation_token,confirmation_token,partnership,block,staff_order,request,shift,request_answer,assignment,mail,mail_template,shipped_mail_template,mailer,event,ledger_pending,ledger_entry,ledger_node,ledger_head}'::name[]);
SELECT views_are('tempcloud_data', '{invitation_by_status,request_by_status,request_overview,shift_overview}'::name[]);
SELECT sequences_are('tempcloud_data', '{}'::name[]);

SELECT pg_temp.relation_is('tempcloud_data.account', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	kind tempcloud.account_kind NOT NULL
	company_name tempcloud_data.company_name NOT NULL
	locale tempcloud_data.locale NOT NULL
	time_zone tempcloud_data.time_zone NOT NULL
	phone tempcloud_data.phone
	website tempcloud_data.website
	street tempcloud_data.line
	postal_code tempcloud_data.line
	city tempcloud_data.line
	country tempcloud_data.country
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
	closed_at timestamptz
	account_pkey PRIMARY KEY (id)
	account_id_kind_key UNIQUE (id, kind)
$$);

SELECT pg_temp.relation_is('tempcloud_data.contact', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	account_id uuid NOT NULL
	given_name tempcloud_data.person_name
	family_name tempcloud_data.person_name
	position tempcloud_data.line
	email tempcloud_data.email
	email_verified_at timestamptz
	phone tempcloud_data.phone
	role tempcloud.contact_role NOT NULL DEFAULT 'member'::tempcloud.contact_role
	subject tempcloud_data.free_text
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
	removed_at timestamptz
	contact_pkey PRIMARY KEY (id)
	contact_id_account_id_key UNIQUE (id, account_id)
	contact_account_id_fkey FOREIGN KEY (account_id) REFERENCES tempcloud_data.account(id)
	contact_removed CHECK
	contact_subject_length CHECK
	contact_verified_email CHECK
	contact_account_id_idx INDEX btree (account_id, id)
	contact_login_idx INDEX btree (account_id, id) WHERE (subject IS NOT NULL)
	contact_subject_key UNIQUE INDEX btree (subject) WHERE (subject IS NOT NULL)
	contact_verified_email_key UNIQUE INDEX btree (lower((email)::text)) WHERE (email_verified_at IS NOT NULL)
$$);

SELECT pg_temp.relation_is('tempcloud_data.invitation', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	inviter_id uuid NOT NULL
	inviter_kind tempcloud.account_kind NOT NULL
	invited_by uuid NOT NULL
	invitee_id uuid
	invitee_kind tempcloud.account_kind NOT NULL
	email tempcloud_data.email
	given_name tempcloud_data.person_name
	family_name tempcloud_data.person_name
	company_name tempcloud_data.company_name
	phone tempcloud_data.phone
	message tempcloud_data.paragraph
	locale tempcloud_data.locale NOT NULL
	status tempcloud.invitation_status NOT NULL DEFAULT 'pending'::tempcloud.invitation_status
	round integer NOT NULL DEFAULT 1
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
	sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
	expires_at timestamptz NOT NULL
	reminded_at timestamptz
	asked_at timestamptz
	decided_at timestamptz
	decided_by uuid
	reason tempcloud_data.paragraph
	invitation_pkey PRIMARY KEY (id)
	invitation_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES tempcloud_data.contact(id)
	invitation_invited_by_fkey FOREIGN KEY (invited_by, inviter_id) REFERENCES tempcloud_data.contact(id, account_id)
	invitation_invitee_fkey FOREIGN KEY (invitee_id, invitee_kind) REFERENCES tempcloud_data.account(id, kind)
	invitation_inviter_fkey FOREIGN KEY (inviter_id, inviter_kind) REFERENCES tempcloud_data.account(id, kind)
	invitation_acceptance CHECK
	invitation_decision CHECK
	invitation_email CHECK
	invitation_pairing CHECK
	invitation_round CHECK
	invitation_closed_idx INDEX btree (decided_at) WHERE (status = ANY (ARRAY['declined'::tempcloud.invitation_status, 'withdrawn'::tempcloud.invitation_status, 'expired'::tempcloud.invitation_status, 'superseded'::tempcloud.invitation_status]))
	invitation_declined_idx INDEX btree (invitee_id, inviter_id, decided_at) WHERE ((status = 'declined'::tempcloud.invitation_status) AND (decided_at IS NOT NULL))
	invitation_email_idx INDEX btree (lower((email)::text), inviter_id)
	invitation_expiry_idx INDEX btree (expires_at) WHERE ((status = 'pending'::tempcloud.invitation_status) AND (expires_at IS NOT NULL))
	invitation_pending_email_key UNIQUE INDEX btree (lower((email)::text), inviter_id) WHERE ((status = 'pending'::tempcloud.invitation_status) AND (email IS NOT NULL))
	invitation_pending_idx INDEX btree (inviter_id, expires_at) WHERE ((status = 'pending'::tempcloud.invitation_status) AND (expires_at IS NOT NULL))
	invitation_pending_invitee_key UNIQUE INDEX btree (invitee_id, inviter_id) WHERE ((status = 'pending'::tempcloud.invitation_status) AND (invitee_id IS NOT NULL))
	invitation_received_idx INDEX btree (invitee_id, ((status = 'pending'::tempcloud.invitation_status)), created_at, id) WHERE (invitee_id IS NOT NULL)
	invitation_reminder_idx INDEX btree (expires_at) WHERE ((status = 'pending'::tempcloud.invitation_status) AND (reminded_at IS NULL))
	invitation_sent_at_idx INDEX btree (inviter_id, sent_at)
	invitation_sent_idx INDEX btree (inviter_id, status, created_at, id)
$$);

SELECT pg_temp.relation_is('tempcloud_data.invitation_token', $$
	digest bytea NOT NULL
	invitation_id uuid NOT NULL
	round integer NOT NULL
	issued_at timestamptz NOT NULL DEFAULT clock_timestamp()
	invitation_token_pkey PRIMARY KEY (digest)
	invitation_token_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES tempcloud_data.invitation(id) ON DELETE CASCADE
	invitation_token_digest_length CHECK
	invitation_token_invitation_id_idx INDEX btree (invitation_id)
$$);

SELECT pg_temp.relation_is('tempcloud_data.confirmation_token', $$
	digest bytea NOT NULL
	contact_id uuid NOT NULL
	email tempcloud_data.email NOT NULL
	issued_at timestamptz NOT NULL DEFAULT clock_timestamp()
	confirmation_token_pkey PRIMARY KEY (digest)
	confirmation_token_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES tempcloud_data.contact(id) ON DELETE CASCADE
	confirmation_token_digest_length CHECK
	confirmation_token_contact_id_idx INDEX btree (contact_id)
	confirmation_token_issued_at_idx INDEX btree (issued_at)
$$);

SELECT pg_temp.relation_is('tempcloud_data.partnership', $$
	customer_id uuid NOT NULL
	customer_kind tempcloud.account_kind NOT NULL DEFAULT 'customer'::tempcloud.account_kind
	provider_id uuid NOT NULL
	provider_kind tempcloud.account_kind NOT NULL DEFAULT 'provider'::tempcloud.account_kind
	invitation_id uuid NOT NULL
	accepted_by uuid NOT NULL
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
	partnership_pkey PRIMARY KEY (customer_id, provider_id)
	partnership_invitation_id_key UNIQUE (invitation_id)
	partnership_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES tempcloud_data.contact(id)
	partnership_customer_fkey FOREIGN KEY (customer_id, customer_kind) REFERENCES tempcloud_data.account(id, kind)
	partnership_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES tempcloud_data.invitation(id)
	partnership_provider_fkey FOREIGN KEY (provider_id, provider_kind) REFERENCES tempcloud_data.account(id, kind)
	partnership_customer_kind CHECK
	partnership_provider_kind CHECK
	partnership_provider_id_idx INDEX btree (provider_id, customer_id)
$$);

SELECT pg_temp.relation_is('tempcloud_data.partner_note', $$
	account_id uuid NOT NULL
	partner_id uuid NOT NULL
	customer_id uuid NOT NULL
	provider_id uuid NOT NULL
	sort_name text NOT NULL
	sort_city text
	own_number tempcloud_data.line
	sort_number text
	note tempcloud_data.paragraph
	responsible_id uuid
	archived boolean NOT NULL DEFAULT false
	partner_note_pkey PRIMARY KEY (partner_id, account_id)
	partner_note_partnership_fkey FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership(customer_id, provider_id)
	partner_note_responsible_fkey FOREIGN KEY (responsible_id, account_id) REFERENCES tempcloud_data.contact(id, account_id)
	partner_note_number CHECK
	partner_note_sides CHECK
	partner_note_city_idx INDEX btree (account_id, sort_city, sort_name, partner_id) WHERE (sort_city IS NOT NULL)
	partner_note_name_idx INDEX btree (account_id, archived, sort_name, partner_id) INCLUDE (sort_number) WHERE (sort_name IS NOT NULL)
	partner_note_responsible_idx INDEX btree (account_id, responsible_id, sort_name, partner_id) WHERE (responsible_id IS NOT NULL)
$$);

SELECT pg_temp.relation_is('tempcloud_data.block', $$
	inviter_id uuid NOT NULL
	email tempcloud_data.email NOT NULL
	account_id uuid
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
	block_account_id_fkey FOREIGN KEY (account_id) REFERENCES tempcloud_data.account(id)
	block_inviter_id_fkey FOREIGN KEY (inviter_id) REFERENCES tempcloud_data.account(id)
	block_account_id_idx INDEX btree (account_id, inviter_id)
	block_inviter_id_email_key UNIQUE INDEX btree (inviter_id, lower((email)::text))
$$);

SELECT pg_temp.relation_is('tempcloud_data.staff_order', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	customer_id uuid NOT NULL
	customer_kind tempcloud.account_kind NOT NULL DEFAULT 'customer'::tempcloud.account_kind
	ordered_by uuid NOT NULL
	name tempcloud_data.line NOT NULL
	reference tempcloud_data.line
	digest bytea
	created_at timestamptz NOT NULL
	staff_order_pkey PRIMARY KEY (id, customer_id)
	staff_order_reference_key UNIQUE (customer_id, reference)
	staff_order_customer_fkey FOREIGN KEY (customer_id, customer_kind) REFERENCES tempcloud_data.account(id, kind)
	staff_order_ordered_by_fkey FOREIGN KEY (ordered_by, customer_id) REFERENCES tempcloud_data.contact(id, account_id)
	staff_order_customer_kind CHECK
	staff_order_digest CHECK
$$);

SELECT pg_temp.relation_is('tempcloud_data.request', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	order_id uuid NOT NULL
	customer_id uuid NOT NULL
	provider_id uuid NOT NULL
	profession tempcloud_data.line NOT NULL
	location tempcloud_data.line NOT NULL
	department tempcloud_data.line
	requirements tempcloud_data.paragraph
	time_zone tempcloud_data.time_zone NOT NULL
	status tempcloud.request_status NOT NULL DEFAULT 'open'::tempcloud.request_status
	answer_by timestamptz NOT NULL
	created_at timestamptz NOT NULL
	decided_at timestamptz
	decided_by uuid
	reason tempcloud_data.paragraph
	unfilled_until timestamptz
	request_pkey PRIMARY KEY (id, customer_id)
	request_provider_key UNIQUE (id, customer_id, provider_id)
	request_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES tempcloud_data.contact(id)
	request_order_fkey FOREIGN KEY (order_id, customer_id) REFERENCES tempcloud_data.staff_order(id, customer_id)
	request_partnership_fkey FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership(customer_id, provider_id)
	request_answer_by CHECK
	request_cancellation CHECK
	request_decision CHECK
	request_unfilled CHECK
	request_customer_id_idx INDEX btree (customer_id, id)
	request_expiry_idx INDEX btree (answer_by) WHERE ((status = 'open'::tempcloud.request_status) AND (answer_by IS NOT NULL))
	request_order_id_idx INDEX btree (order_id, id)
	request_provider_id_idx INDEX btree (provider_id, id)
	request_received_idx INDEX btree (provider_id, status, created_at, id)
	request_received_open_idx INDEX btree (provider_id, answer_by) WHERE ((status = 'open'::tempcloud.request_status) AND (answer_by IS NOT NULL))
	request_received_unfilled_idx INDEX btree (provider_id, unfilled_until) WHERE (unfilled_until IS NOT NULL)
	request_sent_idx INDEX btree (customer_id, status, created_at, id)
	request_sent_open_idx INDEX btree (customer_id, answer_by) WHERE ((status = 'open'::tempcloud.request_status) AND (answer_by IS NOT NULL))
	request_sent_unfilled_idx INDEX btree (customer_id, unfilled_until) WHERE (unfilled_until IS NOT NULL)
$$);

SELECT pg_temp.relation_is('tempcloud_data.shift', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	request_id uuid NOT NULL
	customer_id uuid NOT NULL
	starts_at timestamptz NOT NULL
	ends_at timestamptz NOT NULL
	headcount integer NOT NULL
	offered integer
	shift_pkey PRIMARY KEY (id, customer_id)
	shift_offered_key UNIQUE (id, customer_id, offered, ends_at)
	shift_request_fkey FOREIGN KEY (request_id, customer_id) REFERENCES tempcloud_data.request(id, customer_id)
	shift_headcount CHECK
	shift_offered CHECK
	shift_times CHECK
	shift_request_id_idx INDEX btree (request_id, customer_id, starts_at)
$$);

SELECT pg_temp.relation_is('tempcloud_data.request_answer', $$
	request_id uuid NOT NULL
	customer_id uuid NOT NULL
	provider_id uuid NOT NULL
	answered_by uuid NOT NULL
	accepted boolean NOT NULL
	reason tempcloud_data.paragraph
	created_at timestamptz NOT NULL
	request_answer_pkey PRIMARY KEY (request_id, customer_id)
	request_answer_answered_by_fkey FOREIGN KEY (answered_by, provider_id) REFERENCES tempcloud_data.contact(id, account_id)
	request_answer_request_fkey FOREIGN KEY (request_id, customer_id, provider_id) REFERENCES tempcloud_data.request(id, customer_id, provider_id)
$$);

SELECT pg_temp.relation_is('tempcloud_data.assignment', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	shift_id uuid NOT NULL
	customer_id uuid NOT NULL
	place integer NOT NULL
	places integer NOT NULL
	ends_at timestamptz NOT NULL
	worker_name tempcloud_data.person_name
	assigned_by uuid NOT NULL
	assigned_at timestamptz NOT NULL
	replaced_by uuid
	replaced_at timestamptz
	assignment_pkey PRIMARY KEY (id, customer_id)
	assignment_assigned_by_fkey FOREIGN KEY (assigned_by) REFERENCES tempcloud_data.contact(id)
	assignment_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES tempcloud_data.contact(id)
	assignment_shift_fkey FOREIGN KEY (shift_id, customer_id, places, ends_at) REFERENCES tempcloud_data.shift(id, customer_id, offered, ends_at)
	assignment_in_time CHECK
	assignment_place CHECK
	assignment_replacement CHECK
	assignment_current_key UNIQUE INDEX btree (shift_id, customer_id, place) WHERE (replaced_at IS NULL)
	assignment_ends_at_idx INDEX btree (ends_at) WHERE (worker_name IS NOT NULL)
	assignment_shift_id_idx INDEX btree (shift_id, assigned_at)
	assignment_worker_name_idx INDEX btree (worker_name) WHERE (worker_name IS NOT NULL)
$$);

SELECT pg_temp.relation_is('tempcloud_data.request_overview', $$
	id uuid
	order_id uuid
	order_name text
	reference text
	ordered_by text
	customer_id uuid
	provider_id uuid
	profession text
	location text
	department text
	requirements text
	time_zone text
	status text
	answer_by timestamptz
	created_at timestamptz
	decided_at timestamptz
	reason text
	answered_at timestamptz
	answer text
	starts_at timestamptz
	ends_at timestamptz
	headcount integer
	offered integer
	assigned integer
$$);

SELECT pg_temp.relation_is('tempcloud_data.shift_overview', $$
	id uuid
	request_id uuid
	customer_id uuid
	provider_id uuid
	time_zone text
	starts_at timestamptz
	ends_at timestamptz
	headcount integer
	offered integer
	assigned integer
$$);

SELECT pg_temp.relation_is('tempcloud_data.mail', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	kind tempcloud.mail_kind NOT NULL
	invitation_id uuid
	round integer
	contact_id uuid
	request_id uuid
	customer_id uuid
	recipient tempcloud_data.email NOT NULL
	recipient_name tempcloud_data.free_text NOT NULL
	locale tempcloud_data.locale NOT NULL
	message_domain text NOT NULL
	state tempcloud_data.mail_state NOT NULL DEFAULT 'queued'::tempcloud_data.mail_state
	attempt integer NOT NULL DEFAULT 0
	due_at timestamptz NOT NULL DEFAULT clock_timestamp()
	created_at timestamptz NOT NULL DEFAULT clock_timestamp()
	closed_at timestamptz
	leased boolean NOT NULL DEFAULT false
	error tempcloud_data.free_text
	mail_pkey PRIMARY KEY (id)
	mail_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES tempcloud_data.contact(id) ON DELETE CASCADE
	mail_invitation_id_fkey FOREIGN KEY (invitation_id) REFERENCES tempcloud_data.invitation(id) ON DELETE CASCADE
	mail_request_fkey FOREIGN KEY (request_id, customer_id) REFERENCES tempcloud_data.request(id, customer_id) ON DELETE CASCADE
	mail_closed CHECK
	mail_lease CHECK
	mail_subject_matter CHECK
	mail_closed_idx INDEX btree (closed_at) WHERE (state = ANY (ARRAY['sent'::tempcloud_data.mail_state, 'failed'::tempcloud_data.mail_state, 'bounced'::tempcloud_data.mail_state, 'dropped'::tempcloud_data.mail_state, 'suppressed'::tempcloud_data.mail_state]))
	mail_contact_id_idx INDEX btree (contact_id) WHERE (contact_id IS NOT NULL)
	mail_due_idx INDEX btree (due_at, id) WHERE (state = 'queued'::tempcloud_data.mail_state)
	mail_failed_idx INDEX btree (id) WHERE (state = 'failed'::tempcloud_data.mail_state)
	mail_invitation_id_idx INDEX btree (invitation_id) WHERE (invitation_id IS NOT NULL)
	mail_invited_idx INDEX btree (lower((recipient)::text), created_at) WHERE (kind = ANY (ARRAY['invitation'::tempcloud.mail_kind, 'reminder'::tempcloud.mail_kind]))
	mail_recipient_idx INDEX btree (lower((recipient)::text))
	mail_request_id_idx INDEX btree (request_id) WHERE (request_id IS NOT NULL)
$$);

SELECT pg_temp.relation_is('tempcloud_data.ledger_pending', $$
	customer_id uuid NOT NULL
	provider_id uuid NOT NULL
$$);

SELECT pg_temp.relation_is('tempcloud_data.ledger_entry', $$
	position bigint NOT NULL
	customer_id uuid NOT NULL
	provider_id uuid NOT NULL
	hash bytea NOT NULL
	ledger_entry_pkey PRIMARY KEY ("position")
	ledger_entry_partnership_key UNIQUE (customer_id, provider_id)
	ledger_entry_partnership_fkey FOREIGN KEY (customer_id, provider_id) REFERENCES tempcloud_data.partnership(customer_id, provider_id)
	ledger_entry_hash_length CHECK
	ledger_entry_position CHECK
$$);

SELECT pg_temp.relation_is('tempcloud_data.ledger_node', $$
	level integer NOT NULL
	position bigint NOT NULL
	hash bytea NOT NULL
	ledger_node_pkey PRIMARY KEY (level, "position")
	ledger_node_hash_length CHECK
	ledger_node_level CHECK
	ledger_node_position CHECK
$$);

SELECT pg_temp.relation_is('tempcloud_data.ledger_head', $$
	size bigint NOT NULL
	root bytea NOT NULL
	sealed_at timestamptz NOT NULL
	ledger_head_pkey PRIMARY KEY (size)
	ledger_head_root_length CHECK
	ledger_head_size CHECK
$$);

SELECT pg_temp.relation_is('tempcloud_data.mailer', $$
	only_row boolean NOT NULL DEFAULT true
	last_claim_at timestamptz
	mailer_pkey PRIMARY KEY (only_row)
	mailer_only_row CHECK
$$);

SELECT pg_temp.relation_is('tempcloud_data.mail_template', $$
	kind tempcloud.mail_kind NOT NULL
	locale tempcloud_data.locale NOT NULL
	subject tempcloud_data.line NOT NULL
	text_body tempcloud_data.free_text NOT NULL
	html_body tempcloud_data.free_text
	mail_template_pkey PRIMARY KEY (kind, locale)
	mail_template_placeholders CHECK
	mail_template_size CHECK
$$);

SELECT pg_temp.relation_is('tempcloud_data.shipped_mail_template', $$
	kind tempcloud.mail_kind NOT NULL
	locale tempcloud_data.locale NOT NULL
	subject tempcloud_data.line NOT NULL
	text_body tempcloud_data.free_text NOT NULL
	html_body tempcloud_data.free_text
	shipped_mail_template_pkey PRIMARY KEY (kind, locale)
	shipped_mail_template_placeholders CHECK
	shipped_mail_template_size CHECK
$$);

SELECT pg_temp.relation_is('tempcloud_data.event', $$
	id uuid NOT NULL DEFAULT tempcloud_data.new_id()
	at timestamptz NOT NULL DEFAULT clock_timestamp()
	event text NOT NULL
	account_id uuid
	contact_id uuid
	partner_id uuid
	invitation_id uuid
	request_id uuid
	person_id uuid
	role tempcloud.contact_role
	transaction_id xid8 NOT NULL
	event_pkey PRIMARY KEY (id)
	event_name CHECK
	event_account_id_idx INDEX btree (account_id, id)
	event_partner_id_idx INDEX btree (partner_id, id) WHERE (partner_id IS NOT NULL)
	event_transaction_id_idx INDEX btree (transaction_id, id)
$$);

SELECT pg_temp.relation_is('tempcloud_data.read_mark', $$
	contact_id uuid NOT NULL
	event_id uuid NOT NULL
	read_mark_pkey PRIMARY KEY (contact_id)
	read_mark_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES tempcloud_data.contact(id) ON DELETE CASCADE
$$);

-- Views
SELECT views_are('tempcloud', '{activity,my_account,my_contacts,partners,customers,providers,partner_contacts,invitations_sent,invitations_received,requests_sent,requests_received,shifts,assignments,assignment_history,mail_dead,mail_stats,worker_stats,ledger_stats,maintenance_stats,mail_template,shipped_mail_template}'::name[]);
SELECT tables_are('tempcloud', '{}'::name[], 'the API has no table');
SELECT is_empty($$
	SELECT oid::regclass FROM pg_class
	 WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v'
	   AND NOT (COALESCE(reloptions, '{}') @> '{security_barrier=true}'
				OR COALESCE(reloptions, '{}') @> '{security_barrier}')$$,
	'each view is a security barrier');

SELECT pg_temp.relation_is('tempcloud.my_account', $$
	id uuid
	kind tempcloud.account_kind
	company_name text
	locale text
	time_zone text
	phone text
	website text
	street text
	postal_code text
	city text
	country text
	created_at timestamptz
$$);

SELECT pg_temp.relation_is('tempcloud.my_contacts', $$
	id uuid
	given_name text
	family_name text
	position text
	email text
	email_verified_at timestamptz
	phone text
	role tempcloud.contact_role
	has_login boolean
	created_at timestamptz
$$);

SELECT pg_temp.relation_is('tempcloud.partners', $$
	id uuid
	kind tempcloud.account_kind
	company_name text
	locale text
	phone text
	website text
	street text
	postal_code text
	city text
	country text
	partner_since timestamptz
	invitation_id uuid
	closed_at timestamptz
	own_number text
	note text
	responsible_id uuid
	responsible text
	archived boolean
$$);

SELECT pg_temp.relation_is('tempcloud.customers', $$
	id uuid
	kind tempcloud.account_kind
	company_name text
	locale text
	phone text
	website text
	street text
	postal_code text
	city text
	country text
	partner_since timestamptz
	invitation_id uuid
	closed_at timestamptz
	own_number text
	note text
	responsible_id uuid
	responsible text
	archived boolean
$$);

SELECT pg_temp.relation_is('tempcloud.providers', $$
	id uuid
	kind tempcloud.account_kind
	company_name text
	locale text
	phone text
	website text
	street text
	postal_code text
	city text
	country text
	partner_since timestamptz
	invitation_id uuid
	closed_at timestamptz
	own_number text
	note text
	responsible_id uuid
	responsible text
	archived boolean
$$);

SELECT pg_temp.relation_is('tempcloud.partner_contacts', $$
	id uuid
	account_id uuid
	given_name text
	family_name text
	position text
	email text
	phone text
$$);

SELECT pg_temp.relation_is('tempcloud.invitations_sent', $$
	id uuid
	email text
	given_name text
	family_name text
	company_name text
	phone text
	message text
	locale text
	status text
	created_at timestamptz
	sent_at timestamptz
	expires_at timestamptz
	asked_at timestamptz
	decided_at timestamptz
	reason text
	invited_by text
	partner_id uuid
	accepted_by_name text
	accepted_by_email text
	delivery text
	delivery_error text
	can_resend_at timestamptz
	partner_company text
$$);

SELECT pg_temp.relation_is('tempcloud.invitations_received', $$
	id uuid
	inviter_id uuid
	inviter_kind tempcloud.account_kind
	inviter_company text
	inviter_name text
	email text
	message text
	status tempcloud.invitation_status
	created_at timestamptz
	expires_at timestamptz
	decided_at timestamptz
	reason text
	can_accept boolean
	obstacle text
	blocked boolean
$$);

SELECT pg_temp.relation_is('tempcloud.badge_counts', $$
	invitations_received integer
	requests_open integer
	requests_unfilled integer
	activity_unread integer
$$);

SELECT pg_temp.relation_is('tempcloud.activity', $$
	id uuid
	at timestamptz
	event text
	ours boolean
	person text
	company text
	partner_id uuid
	invitation_id uuid
	request_id uuid
	unread boolean
$$);

SELECT pg_temp.relation_is('tempcloud.event', $$
	id uuid
	at timestamptz
	event text
	account_id uuid
	contact_id uuid
	partner_id uuid
	invitation_id uuid
	request_id uuid
	person_id uuid
	role tempcloud.contact_role
$$);

-- Row types of the API

SELECT pg_temp.relation_is('tempcloud.requests_sent', $$
	id uuid
	order_id uuid
	order_name text
	reference text
	ordered_by text
	provider_id uuid
	provider_company text
	profession text
	location text
	department text
	requirements text
	time_zone text
	status text
	answer_by timestamptz
	created_at timestamptz
	decided_at timestamptz
	reason text
	answered_at timestamptz
	answer text
	starts_at timestamptz
	ends_at timestamptz
	headcount integer
	offered integer
	assigned integer
$$);

SELECT pg_temp.relation_is('tempcloud.requests_received', $$
	id uuid
	order_id uuid
	order_name text
	reference text
	ordered_by text
	customer_id uuid
	customer_company text
	profession text
	location text
	department text
	requirements text
	time_zone text
	status text
	answer_by timestamptz
	created_at timestamptz
	decided_at timestamptz
	reason text
	answered_at timestamptz
	answer text
	starts_at timestamptz
	ends_at timestamptz
	headcount integer
	offered integer
	assigned integer
$$);

SELECT pg_temp.relation_is('tempcloud.shifts', $$
	id uuid
	request_id uuid
	customer_id uuid
	provider_id uuid
	time_zone text
	starts_at timestamptz
	ends_at timestamptz
	headcount integer
	offered integer
	assigned integer
$$);

SELECT pg_temp.relation_is('tempcloud.assignments', $$
	shift_id uuid
	place integer
	request_id uuid
	time_zone text
	starts_at timestamptz
	ends_at timestamptz
	worker_name text
	assigned_at timestamptz
	late boolean
$$);

SELECT pg_temp.relation_is('tempcloud.assignment_history', $$
	id uuid
	shift_id uuid
	place integer
	request_id uuid
	time_zone text
	starts_at timestamptz
	ends_at timestamptz
	worker_name text
	assigned_at timestamptz
	assigned_by text
	late boolean
	replaced_at timestamptz
	replaced_by text
$$);

SELECT pg_temp.relation_is('tempcloud.account', $$
	id uuid
	kind tempcloud.account_kind
	company_name text
	locale text
	time_zone text
	phone text
	website text
	street text
	postal_code text
	city text
	country text
	created_at timestamptz
$$);

SELECT pg_temp.relation_is('tempcloud.contact', $$
	id uuid
	account_id uuid
	given_name text
	family_name text
	position text
	email text
	email_verified_at timestamptz
	phone text
	role tempcloud.contact_role
	has_login boolean
	created_at timestamptz
$$);

SELECT pg_temp.relation_is('tempcloud.invitation', $$
	id uuid
	inviter_id uuid
	inviter_kind tempcloud.account_kind
	invitee_id uuid
	invitee_kind tempcloud.account_kind
	email text
	given_name text
	family_name text
	company_name text
	phone text
	message text
	locale text
	status tempcloud.invitation_status
	created_at timestamptz
	expires_at timestamptz
	decided_at timestamptz
	reason text
$$);

SELECT pg_temp.relation_is('tempcloud.partnership', $$
	customer_id uuid
	provider_id uuid
	invitation_id uuid
	accepted_by uuid
	created_at timestamptz
$$);

SELECT pg_temp.relation_is('tempcloud.identity', $$
	account tempcloud.account
	contact tempcloud.contact
	permissions text[]
$$);

SELECT pg_temp.relation_is('tempcloud.invitation_result', $$
	position integer
	email text
	invitation tempcloud.invitation
	error text
	message text
	hint text
$$);

SELECT pg_temp.relation_is('tempcloud.invitation_preview', $$
	inviter_kind tempcloud.account_kind
	inviter_company text
	inviter_name text
	message text
	kind tempcloud.account_kind
	email text
	given_name text
	family_name text
	company_name text
	phone text
	locale text
	status tempcloud.invitation_status
	expires_at timestamptz
	needs_account boolean
	link_is_current boolean
$$);

SELECT pg_temp.relation_is('tempcloud.request', $$
	id uuid
	order_id uuid
	customer_id uuid
	provider_id uuid
	profession text
	location text
	department text
	requirements text
	time_zone text
	status tempcloud.request_status
	answer_by timestamptz
	created_at timestamptz
	decided_at timestamptz
	reason text
$$);

SELECT pg_temp.relation_is('tempcloud.assignment', $$
	shift_id uuid
	place integer
	worker_name text
	assigned_at timestamptz
	late boolean
$$);

SELECT pg_temp.relation_is('tempcloud.outgoing_mail', $$
	id uuid
	kind tempcloud.mail_kind
	recipient text
	recipient_name text
	locale text
	subject text
	text_body text
	html_body text
	message_id text
	attempt integer
	reply_to text
$$);

SELECT pg_temp.relation_is('tempcloud.ledger_verification', $$
	size bigint
	root text
	unsealed bigint
	position bigint
	problem text
$$);
SELECT pg_temp.relation_is('tempcloud.erasure', $$
	contacts integer
	invitations integer
	mails integer
	blocks integer
	workers integer
$$);
SELECT pg_temp.relation_is('tempcloud.maintenance', $$
	expired integer
	reminded integer
	purged integer
	purged_invitations integer
	expired_requests integer
	purged_confirmations integer
	erased_workers integer
	sealed integer
	more boolean
$$);

-- The functions of the API: what PostgREST passes and documents.  It does not
-- offer those whose argument is a row.
CREATE TEMP VIEW api AS
SELECT p.oid, p.proname::text AS name, pg_get_function_arguments(p.oid) AS arguments,
	   replace(pg_get_function_result(p.oid), 'tempcloud.', '') AS result,
	   p.provolatile::text AS volatile, p.pronargs, p.proargnames, p.provariadic, p.proretset,
	   t.typtype, t.typnamespace
  FROM pg_proc p
  JOIN pg_type t ON t.oid = p.prorettype
 WHERE p.pronamespace = 'tempcloud'::regnamespace AND p.prokind = 'f'
   AND (p.pronargs = 0 OR (SELECT typtype FROM pg_type WHERE oid = p.proargtypes[0]) <> 'c');

SELECT set_eq($$
	SELECT proname || '(' || pg_get_function_arguments(oid) || ')' FROM pg_proc
	 WHERE pronamespace = 'tempcloud'::regnamespace AND prokind = 'p'$$,
	$$VALUES ('maintain_all()')$$, 'the API has these procedures');

CREATE TEMP TABLE expected (name text, arguments text, result text, volatile text DEFAULT 'v');
INSERT INTO expected VALUES
('register_account',
 'kind tempcloud.account_kind DEFAULT NULL::tempcloud.account_kind,'
 ' company_name text DEFAULT NULL::text, given_name text DEFAULT NULL::text,'
 ' family_name text DEFAULT NULL::text, token text DEFAULT NULL::text,'
 ' locale text DEFAULT NULL::text, phone text DEFAULT NULL::text,'
 ' website text DEFAULT NULL::text, street text DEFAULT NULL::text,'
 ' postal_code text DEFAULT NULL::text, city text DEFAULT NULL::text,'
 ' country text DEFAULT NULL::text, "position" text DEFAULT NULL::text, time_zone text DEFAULT NULL::text', 'account'),
('update_account',
 'company_name text DEFAULT NULL::text, locale text DEFAULT NULL::text,'
 ' phone text DEFAULT NULL::text, website text DEFAULT NULL::text,'
 ' street text DEFAULT NULL::text, postal_code text DEFAULT NULL::text,'
 ' city text DEFAULT NULL::text, country text DEFAULT NULL::text, time_zone text DEFAULT NULL::text', 'account'),
('add_contact',
 'given_name text, family_name text, email text DEFAULT NULL::text,'
 ' "position" text DEFAULT NULL::text, phone text DEFAULT NULL::text,'
 ' role tempcloud.contact_role DEFAULT ''member''::tempcloud.contact_role', 'contact'),
('set_role', 'contact_id uuid, role tempcloud.contact_role', 'contact'),
('update_contact',
 'id uuid, given_name text DEFAULT NULL::text, family_name text DEFAULT NULL::text,'
 ' email text DEFAULT NULL::text, "position" text DEFAULT NULL::text,'
 ' phone text DEFAULT NULL::text', 'contact'),
('remove_contact', 'id uuid', 'void'),
('leave_account', '', 'void'),
('close_account', 'reason text DEFAULT NULL::text', 'void'),
('send_confirmation', 'contact_id uuid', 'contact'),
('confirm_email', 'token text', 'contact'),
('act_as', 'subject text, email text DEFAULT NULL::text', 'void'),
('invite',
 'email text, given_name text DEFAULT NULL::text, family_name text DEFAULT NULL::text,'
 ' company_name text DEFAULT NULL::text, phone text DEFAULT NULL::text,'
 ' message text DEFAULT NULL::text, locale text DEFAULT NULL::text', 'invitation'),
('invite_many', 'invitations jsonb', 'SETOF invitation_result'),
('resend_invitation', 'id uuid', 'invitation'),
('withdraw_invitation', 'id uuid', 'invitation'),
('accept_invitation', 'id uuid', 'partnership'),
('accept_invitation_by_token', 'token text, use_this_account boolean DEFAULT false', 'partnership'),
('decline_invitation', 'id uuid, reason text DEFAULT NULL::text, block boolean DEFAULT false',
 'invitation'),
('decline_invitation_by_token',
 'token text, reason text DEFAULT NULL::text, block boolean DEFAULT false', 'invitation'),
('unblock_account', 'id uuid', 'void'),
('send_order', 'name text, requests jsonb, reference text DEFAULT NULL::text', 'SETOF request'),
('send_request',
 'provider_id uuid, profession text, location text, shifts jsonb,'
 ' department text DEFAULT NULL::text, requirements text DEFAULT NULL::text,'
 ' answer_by text DEFAULT NULL::text,'
 ' name text DEFAULT NULL::text, reference text DEFAULT NULL::text, time_zone text DEFAULT NULL::text', 'request'),
('withdraw_request', 'id uuid, reason text DEFAULT NULL::text', 'request'),
('answer_request',
 'id uuid, accept boolean, reason text DEFAULT NULL::text,'
 ' headcount integer DEFAULT NULL::integer, shifts jsonb DEFAULT NULL::jsonb', 'request'),
('assign_workers', 'shift_id uuid, workers text[]', 'SETOF assignment'),
('erase_workers', 'request_id uuid', 'integer'),
('cancel_request', 'id uuid, reason text', 'request'),
('mark_read', 'up_to uuid', 'uuid'),
('set_partner_note',
 'partner_id uuid, own_number text DEFAULT NULL::text, note text DEFAULT NULL::text,'
 ' responsible_id uuid DEFAULT NULL::uuid, archived boolean DEFAULT NULL::boolean', 'SETOF partners'),
('correct_invitation',
 'id uuid, email text DEFAULT NULL::text, given_name text DEFAULT NULL::text,'
 ' family_name text DEFAULT NULL::text, company_name text DEFAULT NULL::text,'
 ' phone text DEFAULT NULL::text, message text DEFAULT NULL::text, locale text DEFAULT NULL::text', 'invitation'),
('claim_mail',
 'max_messages integer DEFAULT 10, lease interval DEFAULT ''00:05:00''::interval',
 'SETOF outgoing_mail'),
('mail_sent', 'ids uuid[]', 'integer'),
('mail_failed', 'id uuid, error text, permanent boolean DEFAULT false', 'boolean'),
('mail_bounced', 'message_id text, reason text DEFAULT NULL::text', 'boolean'),
('release_mail', 'ids uuid[]', 'integer'),
('retry_mail', 'id uuid', 'boolean'),
('maintain', '', 'maintenance'),
('seal_ledger', '', 'integer'),
('preview_invitation', 'token text', 'invitation_preview'),
('ask_again', 'token text', 'invitation_preview'),
('erase_person', 'email text DEFAULT NULL::text, worker_name text DEFAULT NULL::text, provider_id uuid DEFAULT NULL::uuid', 'erasure');

-- those that work with GET and on a hot standby
INSERT INTO expected VALUES
('whoami', '', 'identity', 's'),
('export_person', 'email text DEFAULT NULL::text, worker_name text DEFAULT NULL::text, provider_id uuid DEFAULT NULL::uuid', 'jsonb', 's'),
('search_partners',
 'name text DEFAULT NULL::text, city text DEFAULT NULL::text, responsible_id uuid DEFAULT NULL::uuid,'
 ' archived boolean DEFAULT NULL::boolean, after_id uuid DEFAULT NULL::uuid, max_partners integer DEFAULT 100',
 'SETOF partners', 's'),
('current_account_id', '', 'uuid', 's'),
('check_request', '', 'void', 's'),
('are_partners', 'a uuid, b uuid', 'boolean', 's'),
('ledger_checkpoint', '', 'text', 's'),
('consistency_proof', 'old_size bigint', 'text', 's'),
('partnership_receipt', 'partner_id uuid', 'text', 's'),
('events_since', 'last_id uuid DEFAULT NULL::uuid, max_events integer DEFAULT 1000', 'SETOF event', 's'),
('last_event_id', '', 'uuid', 's'),
('badge_counts', '', 'badge_counts', 's'),
('current_contact_id', '', 'uuid', 's'),
('verify_ledger', 'checkpoint text DEFAULT NULL::text', 'ledger_verification', 's');

SELECT set_eq('SELECT name FROM api', 'SELECT name FROM expected', 'the API has these functions');
SELECT is(format('(%s) returns %s, %s', a.arguments, a.result, a.volatile),
		  format('(%s) returns %s, %s', e.arguments, e.result, e.volatile),
		  e.name || ': arguments with defaults, result and volatility')
  FROM expected e
  LEFT JOIN api a USING (name)
 ORDER BY e.name;

SELECT is_empty($$SELECT name FROM api WHERE 'token' = ANY (proargnames) AND volatile <> 'v'$$,
	'what takes a token is VOLATILE, so that it is not offered by GET');

SELECT is_empty($$
	SELECT attrelid::regclass, attname, atttypid::regtype FROM pg_attribute
	  JOIN pg_class c ON c.oid = attrelid AND relkind IN ('v', 'c') JOIN pg_type t ON t.oid = atttypid
	 WHERE relnamespace = 'tempcloud'::regnamespace AND typnamespace = 'tempcloud_data'::regnamespace
	   AND relname <> 'mail_template'$$,
	'no view or type of the API has a type that users cannot name');

-- What embeds into what
SELECT set_eq($$
	SELECT replace(format('%s(%s) %s', proname, pg_get_function_arguments(p.oid), prorettype::regtype), 'tempcloud.', ''),
		   prorows = 1
	  FROM pg_proc p
	 WHERE pronamespace = 'tempcloud'::regnamespace AND prokind = 'f' AND oid NOT IN (SELECT oid FROM api)$$, $$
	VALUES ('contacts(partners) partner_contacts', false),
		   ('contacts(customers) partner_contacts', false),
		   ('contacts(providers) partner_contacts', false),
		   ('partner(partner_contacts) partners', true),
		   ('partner(invitations_sent) partners', true),
		   ('partner(invitations_received) partners', true),
		   ('provider(requests_sent) providers', true),
		   ('customer(requests_received) customers', true),
		   ('shifts(requests_sent) shifts', false),
		   ('shifts(requests_received) shifts', false),
		   ('assignments(requests_sent) assignments', false),
		   ('assignments(requests_received) assignments', false),
		   ('assignments(shifts) assignments', false),
		   ('assignment_history(shifts) assignment_history', false),
		   ('request_sent(shifts) requests_sent', true),
		   ('request_received(shifts) requests_received', true),
		   ('shift(assignments) shifts', true)$$,
	'the relationships, and which of them are to one');

SELECT is_empty('SELECT name FROM api GROUP BY name HAVING count(*) > 1',
	'none is overloaded: PostgREST chooses by the names of arguments');
SELECT is_empty('SELECT name FROM api
				  WHERE pronargs <> cardinality(array_remove(COALESCE(proargnames, ''{}''), ''''))
					 OR provariadic <> 0',
	'each argument has a name');
SELECT is_empty('SELECT name FROM api
				  WHERE proretset AND (typtype <> ''c'' OR typnamespace <> ''tempcloud''::regnamespace)',
	'what returns a set returns rows of a type of the API');

-- Types
SELECT enum_has_labels('tempcloud', 'account_kind', '{customer,provider}'::name[]);
SELECT enum_has_labels('tempcloud', 'contact_role', '{owner,manager,member,viewer}'::name[]);
SELECT enum_has_labels('tempcloud', 'invitation_status',
	'{pending,accepted,declined,withdrawn,expired,superseded}'::name[]);
SELECT enum_has_labels('tempcloud', 'request_status',
	'{open,accepted,declined,withdrawn,expired,cancelled}'::name[]);
SELECT enum_has_labels('tempcloud', 'mail_kind',
	'{invitation,invitation_to_register,reminder,invitation_accepted,invitation_declined,invitation_expired,invitation_asked,confirm_email,request_received,request_accepted,request_declined,request_withdrawn,request_expired,request_cancelled,request_filled}'::name[]);
SELECT enum_has_labels('tempcloud_data', 'mail_state', '{queued,sent,failed,bounced,dropped,suppressed}'::name[]);
SELECT domains_are('tempcloud_data', '{line,person_name,company_name,paragraph,free_text,phone,email,locale,country,website,time_zone}'::name[]);
SELECT domains_are('tempcloud', '{}'::name[]);
SELECT enums_are('tempcloud', '{account_kind,contact_role,invitation_status,request_status,mail_kind}'::name[]);
SELECT enums_are('tempcloud_data', '{mail_state}'::name[]);

-- A cycle of foreign keys could not be loaded from a dump.
SELECT is_empty($$
	WITH RECURSIVE path AS (
		SELECT conrelid, confrelid FROM pg_constraint
		 WHERE contype = 'f' AND connamespace = 'tempcloud_data'::regnamespace
		 UNION
		SELECT p.conrelid, c.confrelid FROM path p
		  JOIN pg_constraint c ON c.contype = 'f' AND c.conrelid = p.confrelid)
	SELECT conrelid::regclass FROM path WHERE conrelid = confrelid$$,
	'no cycle of foreign keys');

-- Comments.  The members of the extension, and what belongs to those; arrays
-- and row types of tables come with their element types and tables.
CREATE TEMP VIEW member AS
SELECT d.classid, d.objid
  FROM pg_depend d
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'tempcloud'
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';

SELECT is_empty($$
	SELECT pg_describe_object(classid, objid, 0) FROM member
	 CROSS JOIN pg_identify_object(classid, objid, 0) i
	 WHERE COALESCE(obj_description(objid, classid::regclass::name), '') = ''
	   AND (i.schema IS DISTINCT FROM 'tempcloud_data' OR i.type NOT IN ('table', 'view', 'sequence', 'type'))
	   AND NOT (classid = 'pg_type'::regclass
				AND objid IN (SELECT t.oid FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
							   WHERE t.typcategory = 'A' OR c.relkind IN ('r', 'v')))$$,
	'each schema, domain and function has a comment, and each view and type of the API');
SELECT set_eq($$
	SELECT DISTINCT classid::regclass::text FROM member$$,
	'{pg_namespace,pg_class,pg_type,pg_proc}'::text[],
	'there are no members of other sorts');
SELECT is_empty($$
	SELECT attrelid::regclass, attname FROM member
	  LEFT JOIN pg_type t ON classid = 'pg_type'::regclass AND t.oid = objid
	  JOIN pg_class c ON c.oid = COALESCE(t.typrelid, objid) AND c.relkind IN ('v', 'c')
	  JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
	 WHERE classid IN ('pg_class'::regclass, 'pg_type'::regclass)
	   AND relnamespace = 'tempcloud'::regnamespace
	   AND COALESCE(col_description(attrelid, attnum), '') = ''$$,
	'each column of a view or type of the API has a comment');
SELECT is_empty($$
	SELECT oid::regprocedure::text FROM pg_proc
	 WHERE pronamespace = 'tempcloud'::regnamespace
	   AND obj_description(oid, 'pg_proc') !~ '^[A-Z][^\n]{1,60}[^.\n](\n[A-Z][^\n]+[.])?$'
	 UNION ALL
	SELECT oid::regclass::text FROM pg_class
	 WHERE relnamespace = 'tempcloud'::regnamespace AND relkind = 'v'
	   AND obj_description(oid, 'pg_class') !~ '^[A-Z][^\n]{1,60}[^.\n](\n[A-Z][^\n]+[.])?$'$$,
	'that of a function or view is a summary of one line, and sentences that describe it');

-- A column has the same type wherever the API shows it.  (What compares the rows that
-- commands return with their types is test/t/026_layers.pl.)  The status of a list is
-- text, as invitation_by_status says.
SELECT is_empty($$
	SELECT name, attname, format_type(v.atttypid, NULL), format_type(t.atttypid, NULL)
	  FROM (VALUES ('account', 'my_account'), ('account', 'partners'), ('account', 'customers'),
				   ('account', 'providers'), ('contact', 'my_contacts'), ('contact', 'partner_contacts'),
				   ('invitation', 'invitations_sent'), ('invitation', 'invitations_received'),
				   ('invitation', 'invitation_preview'), ('request', 'requests_sent'),
				   ('request', 'requests_received'), ('assignment', 'assignments')) AS s (type, name)
	  JOIN pg_attribute t ON t.attrelid = ('tempcloud.' || type)::regclass AND t.attnum > 0
	  JOIN pg_attribute v USING (attname)
	 WHERE v.attrelid = ('tempcloud.' || name)::regclass AND v.atttypid <> t.atttypid
	   AND NOT (attname = 'status' AND v.atttypid = 'text'::regtype
				AND name IN ('invitations_sent', 'requests_sent', 'requests_received'))$$,
	'views and types have the same types of columns');

SELECT isnt(obj_description(oid, 'pg_extension'), NULL, 'the extension has a comment')
  FROM pg_extension WHERE extname = 'tempcloud';

-- Nothing in the two schemas but what the extension made.
SELECT is_empty($$
	SELECT oid::regclass::text FROM pg_class
	 WHERE relnamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
	   AND relkind IN ('r', 'v', 'm', 'S', 'p', 'f')
	   AND oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_class'::regclass)
	 UNION ALL
	SELECT oid::regprocedure::text FROM pg_proc
	 WHERE pronamespace IN ('tempcloud'::regnamespace, 'tempcloud_data'::regnamespace)
	   AND oid NOT IN (SELECT objid FROM member WHERE classid = 'pg_proc'::regclass)$$,
	'whatever is in the schemas belongs to the extension');

SELECT * FROM finish();
ROLLBACK;

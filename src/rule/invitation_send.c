/*
 * invitation_send.c
 *		What an inviter does: invite, send again, withdraw.
 *
 * Nothing here asks which kind of account invites: a customer inviting a
 * provider and a provider inviting a customer are the same.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "base/input_check.h"
#include "base/json_input.h"
#include "base/lock.h"
#include "base/rate_limit.h"
#include "base/refusal.h"
#include "base/settings.h"
#include "rule/account_lock.h"
#include "rule/caller.h"
#include "rule/contact.h"
#include "rule/event.h"
#include "rule/invitation.h"
#include "rule/mail.h"
#include "rule/partnership.h"

/*
 * What one account ($1) has pending to an address ($2, folded) or to the
 * account it belongs to ($3, may be null), other than $4 (may be null), and
 * whether it is past its time.  One arm for each of the unique indexes.
 */
static KeptQuery find_pending =
QUERY("SELECT p.id, p.expires_at <= clock_timestamp()"
	  "  FROM (SELECT i.id, i.expires_at FROM tempcloud_data.invitation i"
	  "         WHERE i.inviter_id = $1 AND lower(i.email) = $2"
	  "           AND i.status = 'pending'"
	  "         UNION ALL "
	  "        SELECT i.id, i.expires_at FROM tempcloud_data.invitation i"
	  "         WHERE i.inviter_id = $1 AND i.invitee_id = $3 AND i.status = 'pending'"
	  "           AND lower(i.email) <> $2) p"
	  " WHERE p.id IS DISTINCT FROM $4 ORDER BY p.id");

#define MOST_PENDING 2			/* one by the address, one by the account */

static KeptQuery close_as_expired =
QUERY("UPDATE tempcloud_data.invitation"
	  "   SET status = 'expired', decided_at = clock_timestamp()"
	  " WHERE id = $1 AND status = 'pending'");

/*
 * What will be closed as expired where account $1 invites addresses ($2, folded)
 * of accounts ($3), and the invitation that is sent again ($4, may be null).
 */
static KeptQuery lock_sent =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.id IN ("
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.inviter_id = $1 AND lower(i.email) = ANY ($2)"
	  "      AND i.status = 'pending' AND i.expires_at <= clock_timestamp()"
	  "    UNION ALL "
	  "   SELECT i.id FROM tempcloud_data.invitation i"
	  "    WHERE i.inviter_id = $1 AND i.invitee_id = ANY ($3)"
	  "      AND i.status = 'pending' AND i.expires_at <= clock_timestamp()"
	  "    UNION ALL "
	  "   SELECT $4)"
	  " ORDER BY i.id FOR NO KEY UPDATE");

/* Invitations the other way: from account $1 to account $2, routed or not. */
static KeptQuery find_counter_invitation =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.inviter_id = $1 AND i.invitee_id = $2 AND i.status = 'pending'"
	  "   AND i.expires_at > clock_timestamp()"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.contact c"
	  "  CROSS JOIN LATERAL ("
	  "    SELECT FROM tempcloud_data.invitation i"
	  "     WHERE i.inviter_id = $1 AND lower(i.email) = lower(c.email)"
	  "       AND i.status = 'pending' AND i.invitee_id IS NULL"
	  "       AND i.expires_at > clock_timestamp() OFFSET 0) i"
	  "  WHERE c.account_id = $2 AND c.email_verified_at IS NOT NULL");

static KeptQuery find_account =
QUERY("SELECT FROM tempcloud_data.account WHERE id = $1");

/*
 * What keeps an invitation from account $1, $3 if it is sent again, from being
 * routed to account $2: another one that is pending there, as the unique index has
 * it, or a block.  Invitations that wait for an address are routed by the same rule
 * (invitation.c).
 */
static KeptQuery find_obstacle_to_routing =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.inviter_id = $1 AND i.invitee_id = $2 AND i.status = 'pending'"
	  "   AND i.id IS DISTINCT FROM $3"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.block b"
	  "  WHERE b.inviter_id = $1 AND b.account_id = $2"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.account a WHERE a.id = $2 AND a.closed_at IS NOT NULL");

static KeptQuery find_refusal =
QUERY("SELECT FROM tempcloud_data.invitation i"
	  " WHERE i.inviter_id = $1 AND i.status = 'declined'"
	  "   AND i.decided_at > clock_timestamp() - make_interval(secs => $4)"
	  "   AND (lower(i.email) = $2 OR i.invitee_id = $3)"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.block b"
	  "  WHERE b.inviter_id = $1 AND lower(b.email) = $2"
	  " UNION ALL"
	  " SELECT FROM tempcloud_data.block b"
	  "  WHERE b.inviter_id = $1 AND b.account_id = $3");

/* Counts no further than it has to. */
static KeptQuery count_pending =
QUERY("SELECT count(*) FROM ("
	  "   SELECT FROM tempcloud_data.invitation i"
	  "    WHERE i.inviter_id = $1 AND i.status = 'pending' AND i.id IS DISTINCT FROM $2"
	  "      AND i.expires_at > clock_timestamp()"
	  "    LIMIT $3) pending");

/* For tc_require_below(): what account $2 has sent or sent again, but for $3. */
static KeptQuery nth_newest_sent =
QUERY("SELECT i.sent_at + interval '24 hours' FROM tempcloud_data.invitation i"
	  " WHERE i.inviter_id = $2 AND i.sent_at > clock_timestamp() - interval '24 hours'"
	  "   AND i.sent_at <= clock_timestamp()"
	  "   AND i.id IS DISTINCT FROM $3"
	  " ORDER BY i.sent_at DESC OFFSET $1 LIMIT 1");

/*
 * For tc_require_below(): mails with a link that went or will go to an address ($2,
 * folded) within 24 hours, from account $3, or from all if that is null.  Those that
 * were dropped before a mailer came do not count (tc_drop_mails).
 */
static KeptQuery nth_newest_mail =
QUERY("SELECT m.created_at + interval '24 hours'"
	  "  FROM tempcloud_data.mail m"
	  "  JOIN tempcloud_data.invitation i ON i.id = m.invitation_id"
	  " WHERE lower(m.recipient) = $2 AND m.kind IN ('invitation', 'reminder')"
	  "   AND m.created_at > clock_timestamp() - interval '24 hours'"
	  "   AND m.created_at <= clock_timestamp()"
	  "   AND (m.attempt > 0 OR m.state IN ('queued', 'suppressed'))"
	  "   AND (i.inviter_id = $3 OR $3 IS NULL)"
	  " ORDER BY m.created_at DESC OFFSET $1 LIMIT 1");

static KeptQuery insert_invitation =
QUERY("INSERT INTO tempcloud_data.invitation AS i"
	  " (inviter_id, inviter_kind, invited_by, invitee_id, invitee_kind, email, given_name,"
	  "  family_name, company_name, phone, message, locale, expires_at)"
	  " VALUES ($1, $2::tempcloud.account_kind, $3, $4,"
	  "         CASE $2 WHEN 'customer' THEN 'provider'::tempcloud.account_kind"
	  "                 ELSE 'customer' END,"
	  "         $5, $6, $7, $8, $9, $10, $11,"
	  "         clock_timestamp() + make_interval(secs => $12))"
	  " RETURNING " INVITATION_RECORD ", i.id");

static KeptQuery renew_invitation =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET status = 'pending', round = round + 1, invitee_id = $2,"
	  "       sent_at = clock_timestamp(), reminded_at = NULL, decided_at = NULL,"
	  "       expires_at = clock_timestamp() + make_interval(secs => $3)"
	  " WHERE id = $1 RETURNING " INVITATION_RECORD);

static KeptQuery withdraw_invitation =
QUERY("UPDATE tempcloud_data.invitation i"
	  "   SET status = 'withdrawn', decided_at = clock_timestamp(), decided_by = $2"
	  " WHERE id = $1 RETURNING " INVITATION_RECORD);

/* No account has this key. */
static const pg_uuid_t nobody = {0};

#define MOST_INVITES 200		/* of one invite_many() */

/* What somebody asks for who invites. */
typedef struct Invite
{
	char	   *email;
	char	   *given_name;
	char	   *family_name;
	char	   *company_name;
	char	   *phone;
	char	   *message;
	char	   *locale;
	const JsonbValue *element;	/* of invite_many(), not read yet; or NULL */
	const char *path;			/* of that element */
} Invite;

static Invite *read_many(Jsonb *invitations, int *count);
static void lock_for_many(const Caller *caller, const Invite *invites, int count);
static void lock_invitations(const Caller *caller, char **addresses, int naddresses,
							 const pg_uuid_t **owners, int nowners, const pg_uuid_t *resent);
static ErrorData *try_invite(const Caller *caller, Invite *invite, Datum *invitation);
static void put_result(ReturnSetInfo *rsinfo, int position, const Invite *invite,
					   Datum invitation, const ErrorData *error);
static void read_invite(Invite *invite);
static void clean_invite(Invite *invite);
static Datum invite_address(const Caller *caller, const Invite *invite);
static Owner lock_for_inviting(const Caller *caller, const char *email,
							   const pg_uuid_t *routed);
static void require_invitable_invitee(const Caller *caller, const Invitation *invitation,
									  const Owner *owner, const pg_uuid_t *routed);
static const pg_uuid_t *account_to_ask_about(const Owner *owner);
static const pg_uuid_t *route(const Caller *caller, const pg_uuid_t *account,
							  const pg_uuid_t *resent);
static void require_within_limits(const Caller *caller, const char *email,
								  const pg_uuid_t *resent);
static void require_invitable(const Caller *caller, const char *email, const Owner *owner,
							  const pg_uuid_t *resent);
static int	require_none_pending(const Caller *caller, const char *folded, Value known,
								 const pg_uuid_t *resent, pg_uuid_t **expired);
static Invitation *find_sent(const Caller *caller, const pg_uuid_t *id);

PG_FUNCTION_INFO_V1(tempcloud_invite);
PG_FUNCTION_INFO_V1(tempcloud_invite_many);
PG_FUNCTION_INFO_V1(tempcloud_resend_invitation);
PG_FUNCTION_INFO_V1(tempcloud_withdraw_invitation);

/*
 * invite(email, given_name, family_name, company_name, phone, message, locale)
 *		returns tempcloud.invitation
 */
Datum
tempcloud_invite(PG_FUNCTION_ARGS)
{
	Caller	   *caller;
	Invite		invite;

	tc_enter_command("invite()");
	caller = tc_caller_with_account(QUERY_RUN);
	invite = (Invite)
	{
		.email = tc_arg_text(fcinfo, 0),
			.given_name = tc_arg_text(fcinfo, 1),
			.family_name = tc_arg_text(fcinfo, 2),
			.company_name = tc_arg_text(fcinfo, 3),
			.phone = tc_arg_text(fcinfo, 4),
			.message = tc_arg_text(fcinfo, 5),
			.locale = tc_arg_text(fcinfo, 6),
	};
	clean_invite(&invite);
	return tc_finish_with(invite_address(caller, &invite));
}

/*
 * invite_many(invitations jsonb) returns setof tempcloud.invitation_result
 *
 * Each invitation is a subtransaction of its own.  The locks of all are taken
 * before, class by class, so that the order of the rows cannot make two such
 * commands wait for each other.
 */
Datum
tempcloud_invite_many(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Caller	   *caller;
	Invite	   *invites;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	tc_enter_command("invite_many()");
	caller = tc_caller_with_account(QUERY_RUN);
	invites = read_many(PG_ARGISNULL(0) ? NULL : PG_GETARG_JSONB_P(0), &count);
	lock_for_many(caller, invites, count);

	for (int i = 0; i < count; i++)
	{
		Datum		invitation = (Datum) 0;
		ErrorData  *error = try_invite(caller, &invites[i], &invitation);

		put_result(rsinfo, i + 1, &invites[i], invitation, error);
	}
	tc_leave();
	return (Datum) 0;
}

/*
 * resend_invitation(id) returns tempcloud.invitation
 */
Datum
tempcloud_resend_invitation(PG_FUNCTION_ARGS)
{
	Rows		rows;
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;
	Invitation *invitation;
	Owner		owner;
	TimestampTz soonest;
	Datum		record;
	char	   *folded;
	const pg_uuid_t *routed;
	const pg_uuid_t *invitee;
	const pg_uuid_t *owners[2];
	int			nowners = 0;

	tc_enter_command("resend_invitation()");
	caller = tc_caller_with_account(QUERY_RUN);
	invitation = find_sent(caller, id);
	if (invitation->status == INVITATION_IS_ACCEPTED)
		tc_require_pending(invitation); /* final, and maybe without an address */
	routed = invitation->invitee_id;
	owner = lock_for_inviting(caller, invitation->email, routed);
	folded = tc_fold_email(invitation->email);
	if (owner.account_id != NULL)
		owners[nowners++] = owner.account_id;
	if (routed != NULL)
		owners[nowners++] = routed;
	lock_invitations(caller, &folded, 1, owners, nowners, id);
	tc_lock_invitation(invitation, caller);

	if (invitation->status != INVITATION_IS_EXPIRED)
		tc_require_pending(invitation);
	soonest = invitation->sent_at + tc_resend_interval * USECS_PER_SEC;
	if (soonest > GetCurrentTimestamp())
		tc_refuse_until(RESEND_TOO_SOON, soonest);
	if (tc_max_resends >= 0 && invitation->round > tc_max_resends)
		tc_refuse_hint(TOO_MANY_RESENDS, "An invitation is sent again at most %d times; "
					   "invite anew once it is withdrawn or has expired.", tc_max_resends);
	require_invitable(caller, invitation->email, &owner, id);
	require_invitable_invitee(caller, invitation, &owner, routed);
	require_within_limits(caller, invitation->email, id);

	invitee = route(caller, invitation->invitee_id ? invitation->invitee_id : owner.account_id, id);
	tc_drop_mails(id);
	rows = tc_run(&renew_invitation, UUID_VALUE(id), UUID_VALUE(invitee),
				  INT_VALUE(tc_invitation_lifetime));
	record = tc_record(rows);
	tc_event(EVENT_INVITATION_RESENT, caller->account_id, caller->contact_id, invitee, id);
	tc_mail_invitee(MAIL_INVITATION, id);
	return tc_finish_with(record);
}

/*
 * withdraw_invitation(id) returns tempcloud.invitation
 *
 * Locks the invitation's row, and waits for nothing after it.
 */
Datum
tempcloud_withdraw_invitation(PG_FUNCTION_ARGS)
{
	pg_uuid_t  *id = tc_arg_uuid(fcinfo, 0, "id");
	Caller	   *caller;
	Invitation *invitation;

	tc_enter_command("withdraw_invitation()");
	caller = tc_caller_with_account(QUERY_RUN);
	invitation = find_sent(caller, id);
	(void) tc_keep_open(caller, NULL, 0);
	tc_lock_invitation(invitation, caller);
	tc_require_pending(invitation);

	return tc_finish_with(tc_withdraw_invitation(id, caller, invitation->invitee_id));
}

Datum
tc_withdraw_invitation(const pg_uuid_t *id, const Caller *caller, const pg_uuid_t *invitee_id)
{
	Rows		rows;
	Datum		record;

	rows = tc_run(&withdraw_invitation, UUID_VALUE(id), UUID_VALUE(caller->contact_id));
	record = tc_record(rows);
	tc_drop_mails(id);
	tc_event(EVENT_INVITATION_WITHDRAWN, caller->account_id, caller->contact_id, invitee_id, id);
	return record;
}

/*
 * The elements of the array, as they came.  PT400 unless it is an array of no
 * more than MOST_INVITES.
 */
static Invite *
read_many(Jsonb *invitations, int *count)
{
	JsonbValue	value = {.type = jbvNull};
	JsonbValue *elements;
	Invite	   *invites;

	if (invitations != NULL)
		JsonbToJsonbValue(invitations, &value);
	elements = tc_json_elements(&value, "invitations", 0, MOST_INVITES,
								"objects with the arguments of tempcloud.invite()", count);
	invites = palloc0(sizeof(Invite) * (*count + 1));
	for (int i = 0; i < *count; i++)
		invites[i] = (Invite)
	{
		.email = tc_json_peek(&elements[i], "email"),
			.element = &elements[i],
			.path = tc_json_path("invitations", i),
	};
	return invites;
}

/*
 * The locks that invite_address() will take for each, in the order of lock.h.
 */
static void
lock_for_many(const Caller *caller, const Invite *invites, int count)
{
	uint64		keys[MOST_INVITES];
	char	   *addresses[MOST_INVITES];
	const pg_uuid_t *owners[MOST_INVITES];
	int			naddresses = 0;
	int			nowners = 0;

	for (int i = 0; i < count; i++)
	{
		char	   *email = tc_email(invites[i].email);

		if (email == NULL)
			continue;
		addresses[naddresses] = tc_fold_email(email);
		keys[naddresses] = tc_address_key(addresses[naddresses]);
		naddresses++;
	}
	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	tc_lock_all(LOCK_ADDRESS, keys, naddresses);

	for (int i = 0; i < naddresses; i++)
	{
		Owner		owner = tc_owner_of(addresses[i]);

		if (owner.account_id == NULL)
			continue;
		owners[nowners] = owner.account_id;
		keys[nowners] = tc_pair_key(caller->account_id, owner.account_id);
		nowners++;
	}
	tc_lock_all(LOCK_PAIR, keys, nowners);
	(void) tc_keep_open(caller, owners, nowners);
	lock_invitations(caller, addresses, naddresses, owners, nowners, NULL);
}

/*
 * Lock the invitation that is sent again, if any, and those of the caller that
 * invite_address() will close as expired, for it closes one after the other.
 */
static void
lock_invitations(const Caller *caller, char **addresses, int naddresses,
				 const pg_uuid_t **owners, int nowners, const pg_uuid_t *resent)
{
	Datum		values[MOST_INVITES];
	ArrayType  *address_array;
	ArrayType  *owner_array;

	for (int i = 0; i < naddresses; i++)
		values[i] = CStringGetTextDatum(addresses[i]);
	address_array = construct_array(values, naddresses, TEXTOID, -1, false, TYPALIGN_INT);
	for (int i = 0; i < nowners; i++)
		values[i] = UUIDPGetDatum(owners[i]);
	owner_array = construct_array(values, nowners, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
	tc_run_latest(&lock_sent, UUID_VALUE(caller->account_id),
				  ARRAY_VALUE(address_array), ARRAY_VALUE(owner_array),
				  UUID_VALUE(resent));
}

/*
 * Invite in a subtransaction.  Returns the error if it is the caller's
 * mistake (PTnnn), otherwise NULL; other errors go on.
 */
static ErrorData *
try_invite(const Caller *caller, Invite *invite, Datum *invitation)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		clean_invite(invite);
		*invitation = invite_address(caller, invite);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (error != NULL && strncmp(unpack_sql_state(error->sqlerrcode), "PT", 2) != 0)
		ReThrowError(error);
	return error;
}

static NullableDatum
text_column(const char *string)
{
	return (NullableDatum)
	{
		.value = string ? CStringGetTextDatum(string) : (Datum) 0,.isnull = string == NULL
	};
}

/*
 * Add a row of tempcloud.invitation_result.
 */
static void
put_result(ReturnSetInfo *rsinfo, int position, const Invite *invite,
		   Datum invitation, const ErrorData *error)
{
	NullableDatum columns[] = {
		{.value = Int32GetDatum(position)},
		text_column(invite->email),
		{.value = invitation,.isnull = error != NULL},
		text_column(error ? error->detail : NULL),
		text_column(error ? error->message : NULL),
		text_column(error ? error->hint : NULL),
	};
	Datum		values[lengthof(columns)];
	bool		nulls[lengthof(columns)];

	for (int i = 0; i < lengthof(columns); i++)
	{
		values[i] = columns[i].value;
		nulls[i] = columns[i].isnull;
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* The values of an element of invite_many(), as they came. */
static void
read_invite(Invite *invite)
{
	static const char *const names[] = {"email", "given_name", "family_name", "company_name",
	"phone", "message", "locale"};
	char	  **values[] = {&invite->email, &invite->given_name, &invite->family_name,
	&invite->company_name, &invite->phone, &invite->message, &invite->locale};
	JsonbValue *members = tc_json_members(invite->element, invite->path, names, lengthof(names));

	for (int i = 0; i < lengthof(names); i++)
		*values[i] = tc_json_text(&members[i], psprintf("%s.%s", invite->path, names[i]));
}

/* Give each value its form, or refuse it. */
static void
clean_invite(Invite *invite)
{
	if (invite->element != NULL)
		read_invite(invite);
	invite->email = tc_clean(invite->email, "email", FORM_EMAIL);
	if (invite->email == NULL)
		tc_refuse(INVALID_EMAIL);
	invite->given_name = tc_clean(invite->given_name, "given_name", FORM_PERSON_NAME);
	invite->family_name = tc_clean(invite->family_name, "family_name", FORM_PERSON_NAME);
	invite->company_name = tc_clean(invite->company_name, "company_name", FORM_COMPANY_NAME);
	invite->phone = tc_clean(invite->phone, "phone", FORM_PHONE);
	invite->message = tc_clean(invite->message, "message", FORM_PARAGRAPH);
	invite->locale = tc_clean(invite->locale, "locale", FORM_LOCALE);
}

/*
 * Make the invitation, with its event and mail, and return it.
 */
static Datum
invite_address(const Caller *caller, const Invite *invite)
{
	Rows		rows;
	Owner		owner = lock_for_inviting(caller, invite->email, NULL);
	char	   *locale = invite->locale ? invite->locale : caller->locale;
	Addressee	addressee = {
		.email = invite->email,
		.given_name = invite->given_name,
		.family_name = invite->family_name,
		.locale = owner.locale ? owner.locale : locale
	};
	const pg_uuid_t *invitee;
	Datum		record;
	pg_uuid_t  *id;

	require_invitable(caller, invite->email, &owner, NULL);
	require_within_limits(caller, invite->email, NULL);
	invitee = route(caller, owner.account_id, NULL);
	rows = tc_run(&insert_invitation,
				  UUID_VALUE(caller->account_id), KIND_VALUE(caller->kind),
				  UUID_VALUE(caller->contact_id), UUID_VALUE(invitee),
				  TEXT_VALUE(invite->email),
				  TEXT_VALUE(invite->given_name), TEXT_VALUE(invite->family_name),
				  TEXT_VALUE(invite->company_name), TEXT_VALUE(invite->phone),
				  TEXT_VALUE(invite->message), TEXT_VALUE(locale),
				  INT_VALUE(tc_invitation_lifetime));
	record = tc_record(rows);
	id = tc_uuid(rows, 0, 2);
	tc_event(EVENT_INVITATION_CREATED, caller->account_id, caller->contact_id, invitee, id);
	tc_mail(MAIL_INVITATION, id, 1, addressee);
	return record;
}

/*
 * Take the locks of whoever invites an address (lock.h) and tell to whom it
 * belongs.  routed is the account that an invitation which is to be sent again
 * has been routed to, or NULL: the address may be another's by now.  40001 if
 * that account is newer than the transaction's snapshot: no row of this
 * transaction could refer to it.
 *
 * Where it is not revealed who is registered, an account of the caller's own
 * kind is passed over: the invitation goes out like any other, and its reader
 * learns what is in the way.  All that is asked about an account is asked about
 * nobody, too, so that the answer takes as long.
 */
static Owner
lock_for_inviting(const Caller *caller, const char *email, const pg_uuid_t *routed)
{
	char	   *folded = tc_fold_email(email);
	Owner		owner;
	const pg_uuid_t *other;
	const pg_uuid_t *accounts[2];
	uint64		pairs[2];
	int			npairs = 0;

	tc_lock(LOCK_SENDER, tc_account_key(caller->account_id));
	tc_lock(LOCK_ADDRESS, tc_address_key(folded));
	owner = tc_owner_of(folded);
	other = account_to_ask_about(&owner);
	if (other != NULL)
		accounts[npairs++] = other;
	if (routed != NULL)
		accounts[npairs++] = routed;
	for (int i = 0; i < npairs; i++)
		pairs[i] = tc_pair_key(caller->account_id, accounts[i]);
	tc_lock_all(LOCK_PAIR, pairs, npairs);
	if (!tc_keep_open(caller, accounts, npairs))
		owner = tc_owner_of(folded);	/* nobody now, if it is that account */
	other = account_to_ask_about(&owner);
	if (other != NULL && tc_run(&find_account, UUID_VALUE(other)).count == 0 && other != &nobody)
		ereport(ERROR,
				errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				errmsg("could not serialize access due to concurrent registration"));
	if (!tc_reveal_registered && owner.account_id != NULL &&
		!tc_same(owner.account_id, caller->account_id) && owner.kind == caller->kind)
		owner.account_id = NULL;
	return owner;
}

/* The owner of an address; without one nobody, or NULL where it may show. */
static const pg_uuid_t *
account_to_ask_about(const Owner *owner)
{
	if (owner->account_id != NULL)
		return owner->account_id;
	return tc_reveal_registered ? NULL : &nobody;
}

/*
 * Refuse unless the caller may have an invitation to the address pending,
 * under the locks of lock_for_inviting().  resent is the invitation that is to
 * be renewed, or NULL.  Those that are past their time are written down as
 * expired: they would stand in the way in the unique indexes.
 *
 * Where it is not revealed who is registered, the answer rests on the address alone:
 * that it belongs to somebody whom the caller has invited, or who has invited,
 * declined or blocked the caller, would tell whose it is.  Only partners are known
 * to each other, with the addresses of their people.
 */
static void
require_invitable(const Caller *caller, const char *email, const Owner *owner,
				  const pg_uuid_t *resent)
{
	char	   *folded = tc_fold_email(email);
	Value		inviter = UUID_VALUE(caller->account_id);
	const pg_uuid_t *other = account_to_ask_about(owner);
	Value		known = UUID_VALUE(tc_reveal_registered ? owner->account_id : NULL);
	pg_uuid_t  *expired[MOST_PENDING];
	int			nexpired;

	if (other != NULL)
	{
		if (tc_same(other, caller->account_id))
			tc_refuse(OWN_ACCOUNT);
		if (owner->account_id != NULL && owner->kind == caller->kind)
			tc_refuse(SAME_KIND);
		if (tc_partners(caller->account_id, other))
			tc_refuse(ALREADY_PARTNERS);
	}
	if (!known.isnull && tc_run_latest(&find_counter_invitation, known, inviter).count > 0)
		tc_refuse(INVITED_YOU);
	nexpired = require_none_pending(caller, folded, known, resent, expired);
	if (tc_run_latest(&find_refusal, inviter, TEXT_VALUE(folded), known,
					  INT_VALUE(tc_reinvite_after)).count > 0)
	{
		int			days = Max((tc_reinvite_after - 1) / SECS_PER_DAY + 1, 1);

		tc_refuse_hint(DECLINED_RECENTLY, "Try again %d %s after the refusal, or agree with "
					   "the partner by other means that they invite you.",
					   days, days == 1 ? "day" : "days");
	}

	for (int i = 0; i < nexpired; i++)
	{
		if (tc_run_latest(&close_as_expired, UUID_VALUE(expired[i])).count > 0)
			tc_event(EVENT_INVITATION_EXPIRED, caller->account_id, NULL,
					 tc_reveal_registered ? owner->account_id : NULL, expired[i]);
	}
}

/*
 * The account to which an invitation to one of its addresses is routed: NULL where
 * another of the caller's is pending there, or the caller is blocked.  Either is
 * refused before where it may show that an account is behind the address; elsewhere
 * the invitation waits for the address, as if that were proven by nobody.
 */
static const pg_uuid_t *
route(const Caller *caller, const pg_uuid_t *account, const pg_uuid_t *resent)
{
	bool		obstructed = tc_run_latest(&find_obstacle_to_routing,
										   UUID_VALUE(caller->account_id),
										   UUID_VALUE(account ? account : &nobody),
										   UUID_VALUE(resent)).count > 0;

	return obstructed ? NULL : account;
}

/*
 * Refuse if the caller has sent enough, under the locks of lock_for_inviting().
 * resent is the invitation that is to be renewed, or NULL.
 *
 * The address gets so many mails of one account.  How many it gets of all together
 * is asked of those who have sent it one lately: nobody can keep others from their
 * first.
 */
static void
require_within_limits(const Caller *caller, const char *email, const pg_uuid_t *resent)
{
	Rows		rows;
	Value		inviter = UUID_VALUE(caller->account_id);
	Value		address = TEXT_VALUE(tc_fold_email(email));

	if (tc_max_pending_invitations >= 0)
	{
		rows = tc_run_latest(&count_pending, inviter, UUID_VALUE(resent),
							 INT_VALUE(tc_max_pending_invitations));
		if (tc_integer(rows, 0, 1) >= tc_max_pending_invitations)
			tc_refuse(TOO_MANY_INVITATIONS);
	}
	tc_require_below(tc_max_daily_invitations, TOO_MANY_INVITATIONS, &nth_newest_sent,
					 inviter, UUID_VALUE(resent));
	tc_require_below(tc_max_daily_mails_to_address, TOO_MANY_MAILS, &nth_newest_mail,
					 address, inviter);
	if (tc_run_latest(&nth_newest_mail, INT_VALUE(0), address, inviter).count > 0)
		tc_require_below(tc_max_daily_mails_to_address_of_all, TOO_MANY_MAILS, &nth_newest_mail,
						 address, NULL_VALUE(UUIDOID));
}

/*
 * The same for the account that an invitation stays with, to which it has been
 * routed, where that has the address no more.
 */
static void
require_invitable_invitee(const Caller *caller, const Invitation *invitation,
						  const Owner *owner, const pg_uuid_t *routed)
{
	Owner		invitee = {.account_id = invitation->invitee_id,.kind = invitation->invitee_kind};

	if (invitation->invitee_id == NULL ||
		(owner->account_id != NULL && tc_same(invitation->invitee_id, owner->account_id)))
		return;
	if (routed == NULL)			/* just now, and the pair is not locked */
		ereport(ERROR,
				errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				errmsg("could not serialize access due to concurrent routing"));
	require_invitable(caller, invitation->email, &invitee, invitation->id);
}

/*
 * Refuse if the caller has an invitation to the address or its owner, if that is
 * known, pending; otherwise return how many are there that are past their time, and which.
 */
static int
require_none_pending(const Caller *caller, const char *folded, Value known,
					 const pg_uuid_t *resent, pg_uuid_t **expired)
{
	Rows		rows = tc_run_latest(&find_pending, UUID_VALUE(caller->account_id),
									 TEXT_VALUE(folded), known,
									 UUID_VALUE(resent));
	int			count = rows.count;

	for (int i = 0; i < count; i++)
	{
		if (!tc_bool(rows, i, 2))
			tc_refuse(ALREADY_INVITED);
		expired[i] = tc_uuid(rows, i, 1);
	}
	return count;
}

/*
 * An invitation that the caller's account has sent.  PT403 if it was sent to
 * them, PT404 if it does not concern them: they need not know that it exists.
 */
static Invitation *
find_sent(const Caller *caller, const pg_uuid_t *id)
{
	Invitation *invitation = tc_find_invitation(id);

	if (invitation != NULL && tc_same(invitation->inviter_id, caller->account_id))
		return invitation;
	if (invitation != NULL && tc_is_invitee(invitation, caller))
		tc_refuse(NOT_YOUR_INVITATION);
	tc_refuse(INVITATION_NOT_FOUND);
}

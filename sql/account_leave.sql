-- account_leave: how people leave an account, and how the last one closes it

CREATE FUNCTION tempcloud.leave_account()
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_leave_account'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.leave_account IS
'Leave the account
For everybody but its last login, who can close it. The caller''s personal data is erased as by remove_contact; login and address are free for another account.';
GRANT EXECUTE ON FUNCTION tempcloud.leave_account TO tempcloud_user;

CREATE FUNCTION tempcloud.close_account(reason text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_close_account'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.close_account IS
'Close the account, which cannot be undone
For its last login. All its people are erased as by remove_contact; logins and addresses are free for another account. Pending invitations are withdrawn or declined, open requests withdrawn or declined, and accepted ones whose last shift is not over cancelled; the other sides are told by mail, with the reason. Partnerships stay, and partners see when it was closed; it gets no more requests or invitations.';
GRANT EXECUTE ON FUNCTION tempcloud.close_account TO tempcloud_user;

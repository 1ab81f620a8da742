-- account_leave: leaving an account and closing it

CREATE FUNCTION tempcloud.leave_account()
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_leave_account'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.leave_account IS
'Leave the account
For every contact but the last owner with a login, who can make somebody else an owner, or close the account. The caller''s personal data is erased as by remove_contact; login and address can be used for another account.';
GRANT EXECUTE ON FUNCTION tempcloud.leave_account TO tempcloud_user;

CREATE FUNCTION tempcloud.close_account(reason text DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'tempcloud_close_account'
LANGUAGE C VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION tempcloud.close_account IS
'Close the account irrevocably
For an owner who is its last contact with a login. All contacts are erased as by remove_contact; their logins and addresses can be used for other accounts. Pending invitations and open requests are withdrawn or declined; accepted requests whose last shift is not over are cancelled. The other sides get a mail with the reason. Partnerships stay, and partners see when the account was closed; it gets no more requests or invitations.';
GRANT EXECUTE ON FUNCTION tempcloud.close_account TO tempcloud_user;

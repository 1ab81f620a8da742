-- planner: what the planner is told, so that each list and command has one plan
--
-- A list of one account must be read by its index, in the order of the list, whether
-- the account has twenty rows or a million. The planner does not know which account
-- will ask. If it expects the average, it would rather fetch all rows and sort them.
-- So it is told that an account has one partner, and few invitations, requests and events.
-- ANALYZE keeps what is told here.

ALTER TABLE tempcloud_data.partnership
	ALTER customer_id SET (n_distinct = -1),
	ALTER provider_id SET (n_distinct = -1);
ALTER TABLE tempcloud_data.invitation
	ALTER inviter_id SET (n_distinct = -0.05),
	ALTER invitee_id SET (n_distinct = -1);
ALTER TABLE tempcloud_data.request
	ALTER customer_id SET (n_distinct = -0.05),
	ALTER provider_id SET (n_distinct = -0.05);
-- An invitation has few mails.
ALTER TABLE tempcloud_data.mail
	ALTER invitation_id SET (n_distinct = -0.5);
ALTER TABLE tempcloud_data.partner_note
	ALTER account_id SET (n_distinct = -1);
ALTER TABLE tempcloud_data.event
	ALTER account_id SET (n_distinct = -1),
	ALTER partner_id SET (n_distinct = -1);

-- Of these the planner takes its defaults. A sample taken while nothing was pending,
-- say, would have it believe that all partial indexes are empty, and that one is as
-- good as another.
ALTER TABLE tempcloud_data.invitation
	ALTER status SET STATISTICS 0,
	ALTER expires_at SET STATISTICS 0;
ALTER TABLE tempcloud_data.request
	ALTER status SET STATISTICS 0,
	ALTER answer_by SET STATISTICS 0,
	ALTER unfilled_until SET STATISTICS 0;
ALTER TABLE tempcloud_data.partner_note
	ALTER archived SET STATISTICS 0,
	ALTER sort_city SET STATISTICS 0,
	ALTER responsible_id SET STATISTICS 0;
ALTER TABLE tempcloud_data.mail
	ALTER state SET STATISTICS 0;

-- Before the first ANALYZE, and after a restore without one, the same.
INSERT INTO pg_statistic
	(starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct,
	 stakind1, stakind2, stakind3, stakind4, stakind5, staop1, staop2, staop3, staop4, staop5,
	 stacoll1, stacoll2, stacoll3, stacoll4, stacoll5)
SELECT attrelid, attnum, false, 0, attlen, substring(option FROM '^n_distinct=(.*)')::real,
	   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  FROM pg_attribute, unnest(attoptions) option
 WHERE attrelid IN (SELECT oid FROM pg_class
					 WHERE relnamespace = 'tempcloud_data'::regnamespace)
   AND option LIKE 'n_distinct=%';

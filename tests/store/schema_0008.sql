INSERT INTO leads (id, form, account, sender, status, received_at, fields, extras, evidence, lead_source, click_ids, codes, untold)
VALUES ('11111111111111111111111111111111', 'contact', 'default', 'browser', 'pending', 1795521600000000, '{}', '{}', '{}', 2, '{}', '[]', true);
INSERT INTO leads (id, form, account, sender, status, received_at, fields, extras, evidence, lead_source, click_ids, codes, untold)
VALUES ('22222222222222222222222222222222', 'contact', 'default', 'browser', 'pending', 1795521600000000, '{}', '{}', '{}', 2, '{}', '[]', true);
INSERT INTO deliveries (lead_id, account, person, state, due_at, form, priority)
VALUES ('11111111111111111111111111111111', 'default', 'ada@example.com', 'owed', 1795521600000000, 'contact', 0);
INSERT INTO deliveries (lead_id, account, person, state, due_at, form, priority)
VALUES ('22222222222222222222222222222222', 'default', 'bob@example.com', 'owed', 1795521600000000, 'contact', 0);
-- what only workers and operators write
UPDATE deliveries SET doubt_step = 'create_opportunity', doubt_at = 1795521600000000, looks = 2, sent = '{"Name":"Ada"}'
WHERE lead_id = '11111111111111111111111111111111';
UPDATE deliveries SET waits_for = 'create_coworker' WHERE lead_id = '22222222222222222222222222222222';
INSERT INTO holds (account, what, since, until, reason, times)
VALUES ('default', 'create_coworker', 1795521600000000, 1795608000000000, 'The quota is used up.', 3);
INSERT INTO concerns (cause, sentence, since, seen_at, times, told_at, told)
VALUES ('login:default', 'Set the password.', 1795521600000000, 1795521600000000, 9, 1795521600000000, 4);
INSERT INTO accounts (name, pauses) VALUES ('default', 5);
INSERT INTO connections (form, sender, place, rests) VALUES ('contact', 'meta', '', 2);
INSERT INTO ledgers (account, problem) VALUES ('default', 'It did not answer.');
INSERT INTO sales (lead_id, account, opportunity_id, status, seen_at, gone_at)
VALUES ('11111111111111111111111111111111', 'default', 7, 'won', 1795521600000000, 1795521600000000);
INSERT INTO reconciliations (account, started_at, ended_at, told)
VALUES ('default', 1795521600000000, 1795521600000000, '{"is_whole":true}');

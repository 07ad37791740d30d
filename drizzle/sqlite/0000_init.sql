-- The first two statements are for a new file; one of the Python app has these tables already, made by Alembic.
-- From there on both are treated alike: the tables are built anew, with the checks, and the rows move over.
CREATE TABLE IF NOT EXISTS `tickets` (`id` integer, `created_at` text, `source` text, `raw_text` text, `status` text);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS `results` (`id` integer, `ticket_id` integer, `summary` text, `category` text, `reply_draft` text, `model` text, `prompt_version` text, `created_at` text);
--> statement-breakpoint
CREATE TABLE `__new_tickets` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`created_at` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
	`source` text NOT NULL,
	`raw_text` text NOT NULL,
	`status` text DEFAULT 'new' NOT NULL,
	CONSTRAINT "tickets_status" CHECK("status" in ('new', 'processing', 'done', 'failed'))
);
--> statement-breakpoint
CREATE TABLE `__new_results` (
	`id` integer PRIMARY KEY NOT NULL,
	`ticket_id` integer NOT NULL,
	`summary` text NOT NULL,
	`category` text NOT NULL,
	`reply_draft` text NOT NULL,
	`model` text NOT NULL,
	`prompt_version` text NOT NULL,
	`created_at` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
	`openai_request_id` text,
	`latency_ms` integer,
	`input_tokens` integer,
	`output_tokens` integer,
	`total_tokens` integer,
	`cached_tokens` integer,
	FOREIGN KEY (`ticket_id`) REFERENCES `__new_tickets`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
-- Columns that nobody here knows would be lost, and where foreign keys are on, as in drizzle-kit, rows of other tables
-- that refer to these might be: better not to go on.
CREATE TABLE `__check` (
	`unknown` integer CONSTRAINT "tickets and results have only the documented columns" CHECK (`unknown` = 0),
	`referring` integer CONSTRAINT "only a start of the server is safe for tables that refer to these" CHECK (`referring` = 0)
);
--> statement-breakpoint
INSERT INTO `__check` SELECT count(*), 0 FROM (
	SELECT `name` FROM pragma_table_info('tickets') WHERE `name` NOT IN (SELECT `name` FROM pragma_table_info('__new_tickets'))
	UNION ALL
	SELECT `name` FROM pragma_table_info('results') WHERE `name` NOT IN (SELECT `name` FROM pragma_table_info('__new_results'))
);
--> statement-breakpoint
INSERT INTO `__check` SELECT 0, count(*) FROM `sqlite_master` AS `m`, pragma_foreign_key_list(`m`.`name`) AS `f`
WHERE `m`.`type` = 'table' AND `m`.`name` NOT IN ('results', '__new_results') AND `f`.`table` IN ('tickets', 'results')
	AND (SELECT `foreign_keys` FROM pragma_foreign_keys) = 1;
--> statement-breakpoint
DROP TABLE `__check`;
--> statement-breakpoint
-- The Python app leaves a ticket `processing` after a crash, and `failed` beside its result after a race. Its times may
-- have fractions of a second.
INSERT INTO `__new_tickets` SELECT `id`, coalesce(strftime('%Y-%m-%d %H:%M:%S', `created_at`, 'auto'), CURRENT_TIMESTAMP),
	coalesce(`source`, 'web'), `raw_text`,
	CASE
		WHEN EXISTS (SELECT 1 FROM `results` WHERE `results`.`ticket_id` = `tickets`.`id`) THEN 'done'
		WHEN lower(`status`) IN ('processing', 'failed', 'done') THEN 'failed'
		ELSE 'new'
	END
FROM `tickets`;
--> statement-breakpoint
-- An older file has no metadata columns. A name that the inner query's table lacks is looked up in the outer query,
-- where `absent` supplies it as NULL; where the table has it, the inner one wins. SQLite keeps 812.5, and words, also in
-- a column of integers.
INSERT INTO `__new_results` SELECT `id`, `ticket_id`, `summary`, `category`, `reply_draft`, `model`, `prompt_version`,
	coalesce(strftime('%Y-%m-%d %H:%M:%S', `created_at`, 'auto'), CURRENT_TIMESTAMP),
	(SELECT `openai_request_id` FROM `results` AS `same` WHERE `same`.`id` = `old`.`id`),
	(SELECT CASE WHEN typeof(`latency_ms`) IN ('integer', 'real') THEN CAST(round(`latency_ms`) AS integer) END FROM `results` AS `same` WHERE `same`.`id` = `old`.`id`),
	(SELECT CASE WHEN typeof(`input_tokens`) IN ('integer', 'real') THEN CAST(round(`input_tokens`) AS integer) END FROM `results` AS `same` WHERE `same`.`id` = `old`.`id`),
	(SELECT CASE WHEN typeof(`output_tokens`) IN ('integer', 'real') THEN CAST(round(`output_tokens`) AS integer) END FROM `results` AS `same` WHERE `same`.`id` = `old`.`id`),
	(SELECT CASE WHEN typeof(`total_tokens`) IN ('integer', 'real') THEN CAST(round(`total_tokens`) AS integer) END FROM `results` AS `same` WHERE `same`.`id` = `old`.`id`),
	(SELECT CASE WHEN typeof(`cached_tokens`) IN ('integer', 'real') THEN CAST(round(`cached_tokens`) AS integer) END FROM `results` AS `same` WHERE `same`.`id` = `old`.`id`)
FROM (SELECT NULL AS `openai_request_id`, NULL AS `latency_ms`, NULL AS `input_tokens`, NULL AS `output_tokens`,
	NULL AS `total_tokens`, NULL AS `cached_tokens`) AS `absent`, `results` AS `old`;
--> statement-breakpoint
DROP TABLE `results`;
--> statement-breakpoint
DROP TABLE `tickets`;
--> statement-breakpoint
ALTER TABLE `__new_tickets` RENAME TO `tickets`;
--> statement-breakpoint
ALTER TABLE `__new_results` RENAME TO `results`;
--> statement-breakpoint
CREATE UNIQUE INDEX `results_ticket_id_unique` ON `results` (`ticket_id`);

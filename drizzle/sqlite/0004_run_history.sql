CREATE TABLE `idempotency_keys` (
	`client` text NOT NULL,
	`key` text NOT NULL,
	`request_hash` text NOT NULL,
	`ticket_id` integer NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`client`, `key`),
	FOREIGN KEY (`ticket_id`) REFERENCES `tickets`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_created_at` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE INDEX `idempotency_keys_ticket_id` ON `idempotency_keys` (`ticket_id`);--> statement-breakpoint
CREATE TABLE `usage_daily` (
	`day` text NOT NULL,
	`provider` text NOT NULL,
	`model` text NOT NULL,
	`prompt_version` text NOT NULL,
	`category` text NOT NULL,
	`error_code` text NOT NULL,
	`status` text NOT NULL,
	`latency_ms` integer NOT NULL,
	`runs` integer NOT NULL,
	`attempts` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`total_tokens` integer NOT NULL,
	`cached_tokens` integer NOT NULL,
	`cost_usd` real,
	PRIMARY KEY(`day`, `provider`, `model`, `prompt_version`, `category`, `error_code`, `status`, `latency_ms`)
) WITHOUT ROWID;
--> statement-breakpoint
PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE `__new_runs` (
	`id` integer PRIMARY KEY NOT NULL,
	`ticket_id` integer NOT NULL,
	`number` integer NOT NULL,
	`status` text NOT NULL,
	`lease_owner` text,
	`lease_expires_at` integer,
	`created_at` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
	`started_at` text,
	`finished_at` text,
	`error_code` text,
	`error_message` text,
	`retry_after_ms` integer,
	`prompt_version` text,
	`provider` text,
	`model` text,
	`openai_request_id` text,
	`attempts` integer DEFAULT 0 NOT NULL,
	`latency_ms` integer,
	`input_tokens` integer,
	`output_tokens` integer,
	`total_tokens` integer,
	`cached_tokens` integer,
	`cost_usd` real,
	`summary` text,
	`category` text,
	`reply_draft` text,
	FOREIGN KEY (`ticket_id`) REFERENCES `tickets`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "runs_status" CHECK("status" in ('queued', 'running', 'succeeded', 'failed', 'abandoned'))
);
--> statement-breakpoint
-- The newest successful run of each ticket is the one that wrote its result. A result of the Python app has no run yet.
INSERT INTO `__new_runs` (`ticket_id`, `number`, `status`, `created_at`, `started_at`, `finished_at`, `prompt_version`, `model`,
	`openai_request_id`, `attempts`, `latency_ms`, `input_tokens`, `output_tokens`, `total_tokens`, `cached_tokens`,
	`summary`, `category`, `reply_draft`)
SELECT `r`.`ticket_id`, coalesce(`runs`.`last_succeeded`, 1), 'succeeded', `r`.`created_at`, `r`.`created_at`, `r`.`created_at`,
	`r`.`prompt_version`, `r`.`model`, `r`.`openai_request_id`, 1, `r`.`latency_ms`, `r`.`input_tokens`, `r`.`output_tokens`,
	`r`.`total_tokens`, `r`.`cached_tokens`, `r`.`summary`, `r`.`category`, `r`.`reply_draft`
FROM `results` AS `r` LEFT JOIN `runs` ON `runs`.`ticket_id` = `r`.`ticket_id`
WHERE `runs`.`ticket_id` IS NULL OR `runs`.`last_succeeded` > 0;--> statement-breakpoint
-- A newer run has failed, was abandoned, or is under way. The time of the first two is not known.
INSERT INTO `__new_runs` (`ticket_id`, `number`, `status`, `lease_owner`, `lease_expires_at`, `created_at`, `started_at`,
	`error_code`, `error_message`, `retry_after_ms`, `openai_request_id`)
SELECT `runs`.`ticket_id`, `runs`.`number`,
	CASE WHEN `lease_expires_at` IS NOT NULL THEN 'running' WHEN `failure` IS NOT NULL THEN 'failed' ELSE 'abandoned' END,
	CASE WHEN `lease_expires_at` IS NOT NULL THEN `lease_owner` END, `lease_expires_at`,
	`tickets`.`created_at`, CASE WHEN `lease_expires_at` IS NOT NULL THEN CURRENT_TIMESTAMP END,
	`failure` ->> '$.code', `failure` ->> '$.message', `failure` ->> '$.retryAfterMs', `failure` ->> '$.openai_request_id'
FROM `runs` JOIN `tickets` ON `tickets`.`id` = `runs`.`ticket_id`
WHERE `runs`.`number` > `runs`.`last_succeeded`;--> statement-breakpoint
INSERT INTO `usage_daily`
SELECT substr(`started_at`, 1, 10), '', `model`, `prompt_version`, `category`, '', `status`,
	coalesce((`latency_ms` + `step` / 2) / `step` * `step`, -1) AS `latency`,
	count(*), sum(`attempts`), coalesce(sum(`input_tokens`), 0), coalesce(sum(`output_tokens`), 0),
	coalesce(sum(`total_tokens`), 0), coalesce(sum(`cached_tokens`), 0), NULL
FROM (
	SELECT *, CASE
		WHEN `latency_ms` < 20 THEN 1 WHEN `latency_ms` < 50 THEN 2 WHEN `latency_ms` < 100 THEN 5
		WHEN `latency_ms` < 200 THEN 10 WHEN `latency_ms` < 500 THEN 20 WHEN `latency_ms` < 1000 THEN 50
		WHEN `latency_ms` < 2000 THEN 100 WHEN `latency_ms` < 5000 THEN 200 WHEN `latency_ms` < 10000 THEN 500
		WHEN `latency_ms` < 20000 THEN 1000 WHEN `latency_ms` < 50000 THEN 2000 ELSE 5000
	END AS `step`
	FROM `__new_runs` WHERE `status` = 'succeeded'
)
GROUP BY 1, `model`, `prompt_version`, `category`, `latency`;--> statement-breakpoint
DROP TABLE `runs`;--> statement-breakpoint
ALTER TABLE `__new_runs` RENAME TO `runs`;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX `runs_active` ON `runs` (`ticket_id`) WHERE status in ('queued', 'running');--> statement-breakpoint
CREATE INDEX `runs_without_outcome` ON `runs` (`created_at`) WHERE status in ('queued', 'running', 'abandoned');--> statement-breakpoint
CREATE UNIQUE INDEX `runs_ticket_id_number` ON `runs` (`ticket_id`,`number`);--> statement-breakpoint
CREATE INDEX `tickets_created_at` ON `tickets` (`created_at`);
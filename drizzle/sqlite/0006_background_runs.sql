CREATE TABLE `batches` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`created_at` text DEFAULT CURRENT_TIMESTAMP NOT NULL,
	`finished_at` text,
	`force` integer NOT NULL,
	`definition` text,
	`cursor` text,
	`is_expanded` integer DEFAULT false NOT NULL,
	`is_cancelled` integer DEFAULT false NOT NULL,
	`expanded` integer DEFAULT 0 NOT NULL,
	`total` integer NOT NULL,
	`skipped` integer DEFAULT 0 NOT NULL,
	`succeeded` integer DEFAULT 0 NOT NULL,
	`failed` integer DEFAULT 0 NOT NULL,
	`cost_usd` real,
	`client` text,
	`idempotency_key` text,
	`request_hash` text
);
--> statement-breakpoint
CREATE INDEX `batches_open` ON `batches` (`id`) WHERE finished_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX `batches_idempotency_key` ON `batches` (`client`,`idempotency_key`);--> statement-breakpoint
DROP INDEX `runs_without_outcome`;--> statement-breakpoint
ALTER TABLE `runs` ADD `background_run` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `start_after` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `batch_id` integer REFERENCES batches(id);--> statement-breakpoint
CREATE INDEX `runs_queued` ON `runs` (`start_after`) WHERE status = 'queued';--> statement-breakpoint
CREATE INDEX `runs_running` ON `runs` (`lease_expires_at`) WHERE status = 'running';--> statement-breakpoint
CREATE INDEX `runs_abandoned` ON `runs` (`started_at`) WHERE status = 'abandoned';--> statement-breakpoint
CREATE INDEX `runs_batch` ON `runs` (`batch_id`,`status`,`cost_usd`) WHERE batch_id is not null;
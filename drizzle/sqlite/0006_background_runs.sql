DROP INDEX `runs_without_outcome`;--> statement-breakpoint
ALTER TABLE `runs` ADD `background_run` integer;--> statement-breakpoint
ALTER TABLE `runs` ADD `start_after` integer;--> statement-breakpoint
CREATE INDEX `runs_queued` ON `runs` (`start_after`) WHERE status = 'queued';--> statement-breakpoint
CREATE INDEX `runs_running` ON `runs` (`lease_expires_at`) WHERE status = 'running';--> statement-breakpoint
CREATE INDEX `runs_without_outcome` ON `runs` (`started_at`) WHERE status in ('running', 'abandoned');
DROP INDEX `tickets_processing`;--> statement-breakpoint
CREATE INDEX `tickets_status` ON `tickets` (`status`);
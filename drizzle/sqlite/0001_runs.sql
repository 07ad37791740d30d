CREATE TABLE `runs` (
	`ticket_id` integer PRIMARY KEY NOT NULL,
	`run` integer NOT NULL,
	`succeeded` integer DEFAULT 0 NOT NULL,
	`owner` text NOT NULL,
	`expires_at` integer,
	`failure` text,
	FOREIGN KEY (`ticket_id`) REFERENCES `tickets`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `tickets_processing` ON `tickets` (`status`) WHERE status = 'processing';
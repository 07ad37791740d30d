CREATE TABLE `ticket_search` (
	`ticket_id` integer PRIMARY KEY NOT NULL,
	`raw_text` text NOT NULL,
	`summary` text,
	FOREIGN KEY (`ticket_id`) REFERENCES `tickets`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
DROP INDEX `tickets_status`;--> statement-breakpoint
ALTER TABLE `tickets` ADD `category` text;--> statement-breakpoint
UPDATE `tickets` SET `category` = `results`.`category` FROM `results` WHERE `results`.`ticket_id` = `tickets`.`id`
	AND `results`.`category` IN ('auth/login', 'billing', 'bug', 'feature_request', 'account', 'other');--> statement-breakpoint
CREATE INDEX `tickets_status_category` ON `tickets` (`status`,`category`,`created_at`);--> statement-breakpoint
CREATE INDEX `tickets_source` ON `tickets` (`source`,`created_at`);--> statement-breakpoint
CREATE INDEX `tickets_source_status_category` ON `tickets` (`source`,`status`,`category`,`created_at`);
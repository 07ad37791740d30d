ALTER TABLE `runs` RENAME COLUMN "run" TO "number";--> statement-breakpoint
ALTER TABLE `runs` RENAME COLUMN "succeeded" TO "last_succeeded";--> statement-breakpoint
ALTER TABLE `runs` RENAME COLUMN "owner" TO "lease_owner";--> statement-breakpoint
ALTER TABLE `runs` RENAME COLUMN "expires_at" TO "lease_expires_at";
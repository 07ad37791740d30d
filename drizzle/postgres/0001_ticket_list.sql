CREATE TABLE "ticket_search" (
	"ticket_id" bigint PRIMARY KEY NOT NULL,
	"raw_text" text NOT NULL,
	"summary" text
);
--> statement-breakpoint
DROP INDEX "tickets_status";--> statement-breakpoint
DROP INDEX "tickets_created_at";--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "category" text;--> statement-breakpoint
UPDATE "tickets" SET "category" = "results"."category" FROM "results" WHERE "results"."ticket_id" = "tickets"."id";--> statement-breakpoint
INSERT INTO "ticket_search" ("ticket_id", "raw_text", "summary")
	SELECT "tickets"."id", replace(replace(lower("raw_text"), 'ß', 'ss'), 'ς', 'σ'), replace(replace(lower("summary"), 'ß', 'ss'), 'ς', 'σ')
	FROM "tickets" LEFT JOIN "results" ON "results"."ticket_id" = "tickets"."id";--> statement-breakpoint
ALTER TABLE "ticket_search" ADD CONSTRAINT "ticket_search_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "tickets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "tickets_status_category" ON "tickets" USING btree ("status","category","created_at","id");--> statement-breakpoint
CREATE INDEX "tickets_source" ON "tickets" USING btree ("source","created_at","id");--> statement-breakpoint
CREATE INDEX "tickets_source_status_category" ON "tickets" USING btree ("source","status","category","created_at","id");--> statement-breakpoint
CREATE INDEX "tickets_created_at" ON "tickets" USING btree ("created_at","id");
CREATE TABLE "ticket_search" (
	"ticket_id" bigint PRIMARY KEY NOT NULL,
	"raw_text" text NOT NULL,
	"summary" text
);
--> statement-breakpoint
DROP INDEX "tickets_status";--> statement-breakpoint
DROP INDEX "tickets_created_at";--> statement-breakpoint
ALTER TABLE "tickets" ADD COLUMN "category" text;--> statement-breakpoint
ALTER TABLE "ticket_search" ADD CONSTRAINT "ticket_search_ticket_id_tickets_id_fk" FOREIGN KEY ("ticket_id") REFERENCES "public"."tickets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "tickets_status_category" ON "tickets" USING btree ("status","category","created_at","id");--> statement-breakpoint
CREATE INDEX "tickets_source" ON "tickets" USING btree ("source","created_at","id");--> statement-breakpoint
CREATE INDEX "tickets_source_status_category" ON "tickets" USING btree ("source","status","category","created_at","id");--> statement-breakpoint
CREATE INDEX "tickets_created_at" ON "tickets" USING btree ("created_at","id");
CREATE TABLE "models" (
	"name" text NOT NULL,
	"version" text NOT NULL,
	"encoder" text NOT NULL,
	"about" jsonb NOT NULL,
	"first_seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "models_name_version_pk" PRIMARY KEY("name","version")
);
--> statement-breakpoint
CREATE TABLE "style_codes" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text,
	"style_id" text,
	"style_version" integer,
	"encoder" text NOT NULL,
	"sha256" text NOT NULL,
	"bytes" integer NOT NULL,
	"data" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "kind" text DEFAULT 'picture' NOT NULL;--> statement-breakpoint
ALTER TABLE "style_codes" ADD CONSTRAINT "style_codes_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "style_codes_of_style" ON "style_codes" USING btree ("style_id","style_version","encoder") WHERE "style_codes"."style_id" is not null;--> statement-breakpoint
CREATE INDEX "style_codes_account" ON "style_codes" USING btree ("account_id");
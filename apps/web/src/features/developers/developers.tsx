"use client";

import dynamic from "next/dynamic";
import { usePathname, useRouter } from "next/navigation";
import { useState } from "react";
import { Page } from "@/components/page";
import { Skeleton } from "@/components/states";
import { Tabs } from "@/components/tabs";
import { Keys } from "./keys";
import type { DeveloperTab } from "./tabs";
import { Usage } from "./usage";

const wait = () => <Skeleton className="h-72" />;
// Only who reads the reference loads it.
const Reference = dynamic(() => import("./reference/reference").then((module) => module.Reference), { loading: wait });
const Console = dynamic(() => import("./console/console").then((module) => module.Console), { loading: wait });
const Webhooks = dynamic(() => import("./webhooks/webhooks").then((module) => module.Webhooks), { loading: wait });

/** What integrators need. */
export const Developers = ({ start }: { readonly start: DeveloperTab }) => {
  const [tab, setTab] = useState(start);
  const router = useRouter();
  const path = usePathname();
  const show = (next: DeveloperTab) => {
    setTab(next);
    router.replace(`${path}?tab=${next}`, { scroll: false });
  };
  return (
    <Page title="Developers" intro="Everything the studio does is a call of the API. Make the same calls from your own code.">
      <Tabs<DeveloperTab>
        label="For developers"
        value={tab}
        onChange={show}
        tabs={[
          { value: "keys", label: "API keys", content: <Keys /> },
          { value: "webhooks", label: "Webhooks", content: <Webhooks /> },
          { value: "usage", label: "Usage", content: <Usage /> },
          { value: "console", label: "Console", content: <Console /> },
          { value: "reference", label: "API reference", content: <Reference /> },
        ]}
      />
    </Page>
  );
};

"use client";

import { useState } from "react";
import { Page } from "@/components/page";
import { Tabs } from "@/components/tabs";
import { Judge } from "./judge";
import { Ranking } from "./ranking";

/** Pictures are judged blind; the ways they were made are ranked. */
export const Arena = () => {
  const [tab, setTab] = useState<"judge" | "ranking">("judge");
  return (
    <Page title="Arena" intro="Two pictures of one prompt, made in different ways. Say which is better before you know which is which.">
      <Tabs
        label="Arena"
        value={tab}
        onChange={setTab}
        tabs={[
          { value: "judge", label: "Judge", content: <Judge /> },
          { value: "ranking", label: "Ranking", content: <Ranking /> },
        ]}
      />
    </Page>
  );
};

import { Compass } from "lucide-react";
import Link from "next/link";
import { Button } from "@/components/button";
import { EmptyState } from "@/components/states";

const NotFound = () => (
  <main id="main" className="grid min-h-[80dvh] place-items-center">
    <EmptyState
      icon={<Compass />}
      title="There is no such page"
      action={
        <Button asChild variant="primary">
          <Link href="/">To the studio</Link>
        </Button>
      }
    >
      The link may be old, or what it led to was deleted.
    </EmptyState>
  </main>
);

export default NotFound;

"use client";

import { useEffect, useRef } from "react";

/**
 * A ref for the end of a list: `onReach` is called while it is near the window and more is `wanted`. It is looked at anew whenever
 * that becomes so: a page that came may not have filled the window.
 */
export const useInView = (wanted: boolean, onReach: () => void) => {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(onReach);
  useEffect(() => {
    latest.current = onReach;
  });
  useEffect(() => {
    const { current } = end;
    if (current === null || !wanted) return;
    const observer = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && latest.current(), { rootMargin: "800px" });
    observer.observe(current);
    return () => observer.disconnect();
  }, [wanted]);
  return end;
};

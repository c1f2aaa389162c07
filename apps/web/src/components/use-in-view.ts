"use client";

import { useEffect, useRef } from "react";

/** A ref for the end of a list: `onReach` is called when it comes near the window. */
export const useInView = (onReach: () => void) => {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(onReach);
  useEffect(() => {
    latest.current = onReach;
  });
  useEffect(() => {
    const { current } = end;
    if (current === null) return;
    const observer = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && latest.current(), { rootMargin: "800px" });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return end;
};

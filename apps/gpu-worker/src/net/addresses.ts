import ipaddr from "ipaddr.js";

/** Which addresses and ports we connect to on behalf of others. */
export interface NetPolicy {
  /** Ports that may be named. */
  readonly ports: readonly number[] | "any";
  /** Ranges allowed beside the public ones (CIDR), for installations that deliver into their own network. */
  readonly alsoAllow: readonly string[];
  /** More certificate authorities to trust (PEM). */
  readonly ca?: string;
}

/** The policy of the hosted product: public addresses, the usual ports. */
export const PUBLIC_ONLY: NetPolicy = { ports: [443, 8443], alsoAllow: [] };

const GLOBAL_UNICAST_V6 = ipaddr.parseCIDR("2000::/3");

/** Whether `address` is one that the whole internet can reach, and that is nobody's private, special or translated range. */
const isPublic = (address: string): boolean => {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.kind() === "ipv4") return parsed.range() === "unicast";
  // 6to4, Teredo, NAT64, mapped and compatible forms wrap IPv4 addresses: none of them is plain global unicast.
  return parsed.match(GLOBAL_UNICAST_V6) && parsed.range() === "unicast";
};

/** Whether `policy` lets us connect to the literal address `address`. */
export const mayConnect = (policy: NetPolicy, address: string): boolean => {
  if (isPublic(address)) return true;
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return policy.alsoAllow.some((range) => {
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
};

import type { DrillSettings } from './settings.ts';
import { harmless, type SysctlRule } from './sysctl-rules.ts';
import { BSD_ELSEWHERE, BSD_SYSCTLS } from './sysctls-bsd.ts';
import { LINUX_SYSCTLS } from './sysctls-linux.ts';

const SYSCTLS: Readonly<Record<string, SysctlRule>> = { ...LINUX_SYSCTLS, ...BSD_SYSCTLS };

/** Parts of a kernel whose settings a script cannot see here, whatever their names. */
const ELSEWHERE =
  /^(?:kernel|fs|vm|hw|dev|debug|security|user|compat)\.|^kern\.(?!ipc\.)|^net\.(?:netfilter|bridge|mptcp|unix|isr|bpf|link|route|raw|accf)\.|^net\.core\.(?!default_qdisc)|^net\.ipv4\.(?:conf|route|neigh|udp_|fib_|inet_peer|igmp_|ipfrag_)|^net\.ipv6\.(?:conf|route|neigh|icmp|ip6frag_|auto_flowlabels|flowlabel_)|^net\.inet\.(?:sctp|udplite|raw|accf|ipsec|carp|igmp)\.|^net\.inet\.ip\.(?!ttl)|^net\.inet6\.(?:icmp6|mld|ip6\.(?!hlim))/;

function ruleOf(name: string): SysctlRule | undefined {
  const dotted = name.replaceAll('/', '.');
  return SYSCTLS[dotted] ?? (ELSEWHERE.test(dotted) || BSD_ELSEWHERE.test(dotted) ? harmless : undefined);
}

/** True for a sysctl that is known here. */
export function knowsSysctl(name: string): boolean {
  return ruleOf(name) !== undefined;
}

/** Sets one sysctl: null when the stack is (now) like that, otherwise why it cannot be. */
export function applySysctl(settings: DrillSettings, name: string, value: string): string | null {
  const rule = ruleOf(name);
  if (rule === undefined) return `the sysctl ${name} is not known here`;
  const problem = rule(settings, value.trim());
  if (rule === harmless) settings.notes.push(`${name}=${value} changes nothing here`);
  return problem === null ? null : `${name}=${value}: ${problem}`;
}

/** Sets the initial congestion window, in segments (`ip route … initcwnd`). */
export function setInitialWindow(settings: DrillSettings, segments: number): void {
  settings.tcp = { ...settings.tcp, initialWindow: (mss) => segments * mss };
}

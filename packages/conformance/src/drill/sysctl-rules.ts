import type { LossPolicies, TcpProfile } from '@strata/tcp';
import { congestionNamed } from './profile.ts';
import type { DrillSettings } from './settings.ts';

/** What a sysctl is set to, and whether this stack is like that. */
export type SysctlRule = (settings: DrillSettings, value: string) => string | null;

/** Sets a part of loss recovery with SACK. */
export function lossPolicies(change: (value: number) => Partial<LossPolicies>): SysctlRule {
  return profile((value, tcp) => ({ lossPolicies: { ...tcp.lossPolicies, ...change(value) } }));
}

/** Sets a field of the TCP profile from a number. */
export function profile(change: (value: number, tcp: TcpProfile) => Partial<TcpProfile>): SysctlRule {
  return (settings, text) => {
    const value = Number(text);
    if (!Number.isFinite(value)) return `"${text}" is no number`;
    settings.tcp = { ...settings.tcp, ...change(value, settings.tcp) };
    return null;
  };
}

/** Harmless: changes nothing that a script can see here. */
export const harmless: SysctlRule = () => null;

/** Only these values describe what the stack does. */
export function only(...values: string[]): SysctlRule {
  return (_settings, value) => (values.includes(value) ? null : `only ${values.join(', ')} is available`);
}

/** The last of "minimum default maximum" or the middle one. */
export function triple(
  apply: (settings: DrillSettings, low: number, middle: number, high: number) => void,
): SysctlRule {
  return (settings, value) => {
    const [low, middle, high] = value.split(/\s+/).map(Number);
    if (low === undefined || middle === undefined || high === undefined || !Number.isFinite(low + middle + high)) {
      return 'three numbers expected';
    }
    apply(settings, low, middle, high);
    return null;
  };
}

/** 0, 1 and 2 mean the same everywhere; what is beyond is Accurate ECN. */
export const ecn: SysctlRule = (settings, value) => {
  if (!/^[012]$/.test(value)) return 'Accurate ECN is not available';
  settings.tcp = { ...settings.tcp, ecn: Number(value) };
  return null;
};

/** The congestion control of new sockets, by its name here for a name there. */
export const congestion: SysctlRule = (settings, value) => {
  const made = congestionNamed(value);
  if (made === null) return `there is no congestion control "${value}" here`;
  settings.tcp = { ...settings.tcp, congestion: made };
  return null;
};

/** Time to live, or hop limit, of what sockets send. */
export const hopLimit: SysctlRule = (settings, value) => {
  settings.timeToLive = Number(value);
  return null;
};

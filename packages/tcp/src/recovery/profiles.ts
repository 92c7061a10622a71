import type { LossPolicies } from './policies.ts';
import { immediateReduction, proportionalReduction } from './prr.ts';
import { rackDetection } from './rack.ts';
import { sackThresholdDetection } from './rfc6675.ts';

/** RACK-TLP, PRR, F-RTO, and undoing what was needless. */
export const MODERN_LOSS_POLICIES: LossPolicies = {
  detection: rackDetection,
  reduction: proportionalReduction,
  duplicateThreshold: 3,
  maximumReordering: 300,
  adaptWindow: true,
  windowEndsAtThreshold: true,
  tailLossProbe: true,
  frto: true,
  undo: true,
};

/** RFC 6675 and nothing beyond. */
export const PLAIN_LOSS_POLICIES: LossPolicies = {
  detection: sackThresholdDetection,
  reduction: immediateReduction,
  duplicateThreshold: 3,
  maximumReordering: 3,
  adaptWindow: false,
  windowEndsAtThreshold: true,
  tailLossProbe: false,
  frto: false,
  undo: false,
};

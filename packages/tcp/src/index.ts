/** TCP: state machine, timers, congestion control, listen queues. */
export {};

import type { Explanations } from './explanation.ts';

/** ThreadX services whose status NetX passes through. */
export const TX_EXPLANATIONS: Explanations = {
  TX_SUCCESS: { meaning: 'The ThreadX service did what was asked.', cause: 'Nothing went wrong.' },
  TX_DELETED: {
    meaning: 'The object was deleted while the caller waited on it.',
    cause: 'Another thread deleted the queue, semaphore, mutex, event group or pool.',
    remedy: 'End the waiting threads before deleting an object.',
  },
  TX_POOL_ERROR: {
    meaning: 'The memory pool is not one that was created.',
    cause: 'A byte or block pool was used before its create service, or the wrong pointer was given.',
    remedy: 'Check the status of the create service.',
  },
  TX_PTR_ERROR: {
    meaning: 'A pointer argument is invalid.',
    cause: 'It is null, or points outside the memory of the object.',
    remedy: 'Check the arguments in turn.',
  },
  TX_WAIT_ERROR: {
    meaning: 'The caller may not wait.',
    cause: 'A wait option other than TX_NO_WAIT was given outside a thread.',
    remedy: 'Give TX_NO_WAIT, or call from a thread.',
  },
  TX_SIZE_ERROR: {
    meaning: 'A size argument is invalid.',
    cause: 'A stack, queue or pool is smaller than ThreadX allows, or a request is larger than the whole pool.',
    remedy: 'Compare with the minimum sizes, such as TX_MINIMUM_STACK.',
  },
  TX_GROUP_ERROR: {
    meaning: 'The event flags group is not one that was created.',
    cause: 'It was used before tx_event_flags_create, or the wrong pointer was given.',
    remedy: 'Check the status of the create service.',
  },
  TX_NO_EVENTS: {
    meaning: 'The events asked for did not occur in time.',
    cause: 'tx_event_flags_get ran out of its wait option, or was called with TX_NO_WAIT.',
    remedy: 'Normal when polling; otherwise wait longer.',
  },
  TX_OPTION_ERROR: {
    meaning: 'An option is not one of those allowed.',
    cause: 'A get or set option of an event group is none of the defined ones.',
    remedy: 'Use the constants, such as TX_OR_CLEAR.',
  },
  TX_QUEUE_ERROR: {
    meaning: 'The queue is not one that was created.',
    cause: 'It was used before tx_queue_create, or the wrong pointer was given.',
    remedy: 'Check the status of the create service.',
  },
  TX_QUEUE_EMPTY: {
    meaning: 'The queue holds no message.',
    cause: 'Nothing was sent within the wait option.',
    remedy: 'Normal when polling; otherwise wait longer.',
  },
  TX_QUEUE_FULL: {
    meaning: 'The queue has no room for another message.',
    cause: 'The receiver reads more slowly than the sender sends.',
    remedy: 'Wait, or give the queue more memory.',
  },
  TX_SEMAPHORE_ERROR: {
    meaning: 'The semaphore is not one that was created.',
    cause: 'It was used before tx_semaphore_create, or the wrong pointer was given.',
    remedy: 'Check the status of the create service.',
  },
  TX_NO_INSTANCE: {
    meaning: 'The semaphore is 0 and did not rise in time.',
    cause: 'tx_semaphore_get ran out of its wait option.',
    remedy: 'Normal when polling; otherwise look for the missing put.',
  },
  TX_THREAD_ERROR: {
    meaning: 'The thread is not one that was created.',
    cause: 'The pointer is wrong, or the thread control block was overwritten.',
    remedy: 'Check the status of tx_thread_create.',
  },
  TX_PRIORITY_ERROR: {
    meaning: 'The priority is not one that exists.',
    cause: 'It is TX_MAX_PRIORITIES (32 by default) or larger.',
    remedy: 'Give 0 (highest) to TX_MAX_PRIORITIES - 1.',
  },
  TX_NO_MEMORY: {
    meaning: 'The pool has not enough memory.',
    cause:
      'A byte or block pool is used up or fragmented. NetX meets it when an object needs memory that is not there.',
    remedy: 'Enlarge the pool, or find who does not give memory back.',
  },
  TX_START_ERROR: {
    meaning: 'The auto-start argument is wrong.',
    cause: 'tx_thread_create was given neither TX_AUTO_START nor TX_DONT_START.',
    remedy: 'Give one of the two.',
  },
  TX_DELETE_ERROR: {
    meaning: 'The thread cannot be deleted now.',
    cause: 'It is neither terminated nor completed.',
    remedy: 'Terminate it first.',
  },
  TX_RESUME_ERROR: {
    meaning: 'The thread cannot be resumed.',
    cause: 'It is not suspended, or waits for an object instead of having been suspended by call.',
    remedy: 'Check its state.',
  },
  TX_CALLER_ERROR: {
    meaning: 'The service may not be called from here.',
    cause: 'A thread service was called from an interrupt handler, a timer or during initialization.',
    remedy: 'Call it from a thread.',
  },
  TX_SUSPEND_ERROR: {
    meaning: 'The thread cannot be suspended.',
    cause: 'It is terminated or completed.',
    remedy: 'Check its state.',
  },
  TX_TIMER_ERROR: {
    meaning: 'The timer is not one that was created.',
    cause: 'It was used before tx_timer_create, or the wrong pointer was given.',
    remedy: 'Check the status of the create service.',
  },
  TX_TICK_ERROR: {
    meaning: 'A number of ticks is invalid.',
    cause: 'A timer was created or changed with an initial time of 0 ticks.',
    remedy: 'Give at least 1 tick, and mind that times are ticks and not milliseconds.',
  },
  TX_ACTIVATE_ERROR: {
    meaning: 'The timer cannot be activated.',
    cause: 'It runs already, or is a one-shot timer that has expired.',
    remedy: 'Change it with tx_timer_change before activating it again.',
  },
  TX_THRESH_ERROR: {
    meaning: 'The preemption threshold is invalid.',
    cause: 'It is numerically larger than the priority of the thread.',
    remedy: 'Give a threshold that is the priority or a more urgent one.',
  },
  TX_SUSPEND_LIFTED: {
    meaning: 'A delayed suspension was lifted before it took effect.',
    cause: 'The thread was resumed while its suspension was still pending.',
    remedy: 'Usually none: the thread runs.',
  },
  TX_WAIT_ABORTED: {
    meaning: 'The wait was ended from outside.',
    cause: 'tx_thread_wait_abort was called for the thread.',
    remedy: 'Treat it as a request to stop.',
  },
  TX_WAIT_ABORT_ERROR: {
    meaning: 'The thread is not waiting, so there is no wait to abort.',
    cause: 'tx_thread_wait_abort came before or after the wait.',
    remedy: 'Usually none.',
  },
  TX_MUTEX_ERROR: {
    meaning: 'The mutex is not one that was created.',
    cause: 'It was used before tx_mutex_create or after the delete. With NetX: the IP instance is missing.',
    remedy: 'Check the status of the create service.',
  },
  TX_NOT_AVAILABLE: {
    meaning: 'The mutex is held by another thread and was not given up in time.',
    cause: 'The owner holds it for long, or waits for something that the caller holds.',
    remedy: 'Wait longer; look for a deadlock.',
  },
  TX_NOT_OWNED: {
    meaning: 'The caller does not hold the mutex that it gives back.',
    cause: 'put without get, or put by another thread.',
    remedy: 'Give back from the thread that got it.',
  },
  TX_INHERIT_ERROR: {
    meaning: 'The priority inheritance argument is wrong.',
    cause: 'tx_mutex_create was given neither TX_INHERIT nor TX_NO_INHERIT.',
    remedy: 'Give one of the two.',
  },
  TX_NOT_DONE: {
    meaning: 'The service was not completed.',
    cause: 'A ThreadX module or low-power service could not finish what was asked now.',
    remedy: 'Try again later.',
  },
  TX_CEILING_EXCEEDED: {
    meaning: 'The semaphore already has the highest count allowed.',
    cause: 'tx_semaphore_ceiling_put was called more often than get.',
    remedy: 'Usually none: the count stays at the ceiling.',
  },
  TX_INVALID_CEILING: {
    meaning: 'The ceiling given is 0.',
    cause: 'tx_semaphore_ceiling_put needs a ceiling of at least 1.',
    remedy: 'Give a ceiling of at least 1.',
  },
  TX_FEATURE_NOT_ENABLED: {
    meaning: 'The feature is not built into ThreadX.',
    cause: 'Performance information or a notify callback was asked for without its compile option.',
    remedy: 'Build ThreadX with the option.',
  },
};

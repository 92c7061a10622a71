/** Rich packet decode for people. */
export {};

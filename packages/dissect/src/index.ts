/** Rich packet decode for people. */
export * from './dissect.ts';
export * from './format-tree.ts';

/** Host and Lab: puts the layers together. */
export {};

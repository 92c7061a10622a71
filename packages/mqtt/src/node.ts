/** `@strata/mqtt/node`: what of the MQTT client touches the machine. */
export { FileMqttStore, type FileMqttStoreOptions } from './store-node/file-store.ts';

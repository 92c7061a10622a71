import { publishCase } from './mqtt-publish.mjs';

export default publishCase(0);

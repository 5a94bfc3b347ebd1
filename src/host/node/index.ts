export { faultsAllowedBy, type NodeHostOptions, nodeHost } from './host.ts';

import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf';
import {
  FileDescriptorSetSchema,
  file_google_protobuf_wrappers,
  type MethodOptions_IdempotencyLevel,
} from '@bufbuild/protobuf/wkt';
import { must } from '../../std/index.ts';

export interface TextMethod {
  readonly name: string;
  readonly clientStreaming?: boolean;
  readonly serverStreaming?: boolean;
  readonly idempotencyLevel?: MethodOptions_IdempotencyLevel;
}

const text = '.google.protobuf.StringValue';

/** A service for tests, without a proto file: its methods take texts and give texts. */
export function textService(fullName: string, methods: readonly TextMethod[]): DescService {
  const dot = fullName.lastIndexOf('.');
  const file = {
    name: 'text-service.proto',
    package: fullName.slice(0, dot),
    syntax: 'proto3',
    dependency: ['google/protobuf/wrappers.proto'],
    service: [
      {
        name: fullName.slice(dot + 1),
        method: methods.map(({ idempotencyLevel, ...method }) => ({
          ...{ ...method, inputType: text, outputType: text },
          ...(idempotencyLevel === undefined ? {} : { options: { idempotencyLevel } }),
        })),
      },
    ],
  };
  const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_wrappers.proto, file] });
  return must(createFileRegistry(set).getService(fullName), `the service ${fullName}`);
}

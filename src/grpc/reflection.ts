import { type DescFile, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { errorCodes } from '../std/index.ts';
import { ServerReflection as ReflectionV1 } from './gen/reflection_v1_pb.js';
import { ServerReflection as ReflectionV1Alpha } from './gen/reflection_v1alpha_pb.js';
import { type GrpcService, grpcService } from './service.ts';

/** Both versions of the protocol: tools in use still ask in the older one. */
export function reflectionServices(services: readonly DescService[]): readonly GrpcService[] {
  const described = [...services, ReflectionV1, ReflectionV1Alpha];
  const answers = new Answers(described);
  const made = [
    grpcService(ReflectionV1, { serverReflectionInfo: (requests) => answers.to(requests) }),
    grpcService(ReflectionV1Alpha, { serverReflectionInfo: (requests) => answers.to(requests) }),
  ];
  return made.map((service) => ({ ...service, isExempt: true }));
}

interface Question {
  readonly host: string;
  readonly messageRequest: { readonly case?: string | undefined; readonly value?: unknown };
}

class Answers {
  readonly #services: readonly DescService[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();

  constructor(services: readonly DescService[]) {
    this.#services = services;
    for (const service of services) this.#add(service.file);
  }

  async *to<Request extends Question>(requests: AsyncIterable<Request>) {
    for await (const request of requests) {
      yield {
        validHost: request.host,
        originalRequest: request as never,
        messageResponse: this.#answer(request.messageRequest),
      };
    }
  }

  #answer({ case: kind, value }: Question['messageRequest']) {
    if (kind === 'listServices') {
      const service = this.#services.map(({ typeName }) => ({ name: typeName }));
      return { case: 'listServicesResponse' as const, value: { service } };
    }
    const file =
      kind === 'fileByFilename'
        ? this.#files.get(String(value))
        : kind === 'fileContainingSymbol'
          ? this.#symbols.get(String(value))
          : undefined;
    if (file === undefined) {
      const errorMessage = `Nothing is known of ${kind ?? 'an empty request'} ${String(value ?? '')}.`;
      const errorCode = errorCodes.not_found.grpc;
      return { case: 'errorResponse' as const, value: { errorCode, errorMessage } };
    }
    const fileDescriptorProto = withDependencies(file).map((each) =>
      toBinary(FileDescriptorProtoSchema, each.proto),
    );
    return { case: 'fileDescriptorResponse' as const, value: { fileDescriptorProto } };
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const service of file.services) {
      this.#symbols.set(service.typeName, file);
      for (const method of service.methods) this.#symbols.set(`${service.typeName}.${method.name}`, file);
    }
    for (const type of [...file.messages, ...file.enums]) this.#symbols.set(type.typeName, file);
    for (const dependency of file.dependencies) this.#add(dependency);
  }
}

function withDependencies(file: DescFile): DescFile[] {
  const found = new Set<DescFile>();
  const visit = (each: DescFile): void => {
    if (found.has(each)) return;
    found.add(each);
    for (const dependency of each.dependencies) visit(dependency);
  };
  visit(file);
  return [...found];
}

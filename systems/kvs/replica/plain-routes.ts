import type { FastifyInstance } from 'fastify';
import { HoldfastError } from 'holdfast/std';

interface TestQuery {
  readonly Querystring: { readonly msg?: string | readonly string[] };
}

/** What the service says apart from the store. Bodies are nothing to it, JSON or not. */
export function addPlainRoutes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _bytes, done) => done(null));
  app.get('/hello', () => ({ message: 'world' }));
  app.post<{ Params: { name: string } }>('/hello/:name', ({ params }) => ({
    message: `Hi, ${params.name}.`,
  }));
  app.get('/test', () => ({ message: 'test is successful' }));
  app.post<TestQuery>('/test', ({ query }) => {
    const message = [query.msg ?? ''].flat()[0];
    if (message === undefined || message === '') {
      throw new HoldfastError('invalid_argument', 'Say a message: POST /test?msg=hello');
    }
    return { message };
  });
}

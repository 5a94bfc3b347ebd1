# A replica of the key-value store, listening on 0.0.0.0:8090: docker build -t kvs .
# The base needs glibc, npm and any Node from 20 on: the Node that runs is the one package-lock.json pins.
ARG BASE=node:20-slim
FROM ${BASE}

WORKDIR /app
# What the pinned Node is linked to and slim images may lack.
RUN ldconfig -p | grep -q libatomic.so.1 || ( \
      apt-get update && \
      apt-get install -y --no-install-recommends libatomic1 && \
      rm -rf /var/lib/apt/lists/* )

COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

COPY src src
COPY systems systems

# By number: not every base has a user to name. Data outlives the container.
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
VOLUME /data

ENV PATH=/app/node_modules/.bin:$PATH \
    NODE_ENV=production \
    HOST=0.0.0.0 \
    DATA_DIR=/data \
    HOLDFAST_REGISTRY=none
EXPOSE 8090
HEALTHCHECK --interval=5s --timeout=2s --start-period=10s --retries=3 \
  CMD ["node", "systems/kvs/health.ts"]
CMD ["node", "systems/kvs/replica/main.ts"]

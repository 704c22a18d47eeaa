# The operator's image: the bundle and Node on a base without a shell, as user 65532.
#
#   docker build --tag eset-msp-operator --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) .
#   make sbom        # dist/sbom.cdx.json: the packages in the bundle
#
# For images that can be made again bit by bit, give both bases with their digests (name@sha256:…), and let the builder set
# the times of layers: docker buildx build --output type=image,rewrite-timestamp=true (buildah build --timestamp).
# The Node of the build image is the Node of the image: the version that package.json pins for the tests.
ARG BUILD_IMAGE=docker.io/library/node:24.21.0-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Without install scripts: nothing of other people runs here but the bundler.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY hack/build.ts hack/
COPY operator operator
COPY test/simulator test/simulator
RUN node hack/build.ts && rm -f dist/simulator.* dist/kubectl-msp.* dist/*.map
# The same bytes give the same layer: no times of this build.
ARG SOURCE_DATE_EPOCH=0
RUN find dist -exec touch --date=@${SOURCE_DATE_EPOCH} {} +

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="eset-msp-operator" \
      org.opencontainers.image.description="Keeps the MSP hierarchies of ESET PROTECT as Kubernetes objects" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /usr/local/bin/node /nodejs/bin/node
COPY --from=build /src/dist /app
WORKDIR /app
USER 65532:65532
ENV NODE_ENV=production
EXPOSE 8080 8081
# The heap follows the container's memory limit and leaves the rest to buffers and the thread of the Lease; small semi-spaces
# cost nothing measurable and cut the peak of a first import by a quarter. SIGTERM goes to the operator itself, which stops
# within 25 s.
ENTRYPOINT ["/nodejs/bin/node", "--max-old-space-size-percentage=70", "--max-semi-space-size=8", "/app/operator.js"]

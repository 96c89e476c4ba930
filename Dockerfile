# One image for all of Zeph: zeph, zeph-mon and zeph-osd, static, and nothing else.
#
#   docker build -t zeph .                                    builds inside a Go image
#   make image-binaries && docker build -t zeph --target local .    takes the binaries that this machine built
#
# docker-compose takes the target from ZEPH_BUILD_TARGET.

FROM scratch AS base
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="zeph" \
      org.opencontainers.image.description="A small Ceph over ZeroMQ" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/usr/bin ZEPH_CLUSTER=/cluster/zeph.yaml
# Named volumes take owner and mode from what the image has at their place: so these two are the user's.
COPY --chown=65532:65532 deploy/data /cluster
COPY --chown=65532:65532 deploy/data /data
USER 65532:65532

FROM base AS local
COPY dist/image/ /usr/bin/

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd cmd
COPY pkg pkg
RUN mkdir /out && for x in client:zeph mon:zeph-mon osd:zeph-osd; do \
      CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w" -o /out/${x#*:} ./cmd/${x%:*} || exit 1; \
    done

FROM base AS image
COPY --from=build /out/ /usr/bin/

# The first stage has pip and the build backend; the image that ships has Python, the installed package and its data.
# BASE can name a digest (python@sha256:...), and EXTRAS the extras of the package: --build-arg EXTRAS=view,s3
ARG BASE=python:3.13-slim
FROM ${BASE} AS build
ARG EXTRAS=
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY stream_signal ./stream_signal
RUN python -m venv /opt/stream-signal \
 && /opt/stream-signal/bin/pip install --no-cache-dir ".${EXTRAS:+[$EXTRAS]}" \
 && /opt/stream-signal/bin/pip uninstall --yes pip

FROM ${BASE}
ARG EXTRAS=
LABEL stream-signal.extras=${EXTRAS}
# The owner of output/ is the user that the entrypoint becomes; a folder that is mounted there brings its own.
RUN useradd --uid 10001 signal && mkdir -p /app/output && chown signal: /app/output && pip uninstall --yes pip
COPY entrypoint.sh /usr/local/bin/
COPY --from=build /opt/stream-signal /opt/stream-signal
ENV PATH="/opt/stream-signal/bin:$PATH"
WORKDIR /app
COPY config.yaml data.csv ./
ENTRYPOINT ["entrypoint.sh"]
CMD ["--input", "data.csv", "--config", "config.yaml", "--output", "-"]

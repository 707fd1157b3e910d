# Two stages: the first installs the locked packages, the second has no compiler and no pip.
FROM python:3.11-slim-bookworm AS packages
COPY requirements.lock .
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock \
    && /opt/venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
# The charts' own font has no Chinese, Japanese or Korean letters for members' names.
RUN apt-get update && apt-get install --yes --no-install-recommends fonts-wqy-microhei && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin luma \
    && install -d -o luma -g luma /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY bot bot
COPY cogs cogs
COPY jobs jobs
COPY media media
COPY providers providers
COPY storage storage
# The root may be read-only: nothing is written but /data and /tmp.
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    DATA_DIR=/data MPLCONFIGDIR=/tmp/matplotlib LOG_FORMAT=json
USER luma
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-c", \
    "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"WEB_PORT\", \"8080\")}/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]

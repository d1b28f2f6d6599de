# The gallery as one image. It wants a MongoDB (MONGO_URI) and a SECRET_KEY: docker-compose.yml brings both.

# The viewer's files, pinned with their integrity by package-lock.json.
FROM node:22-bookworm-slim AS viewer
WORKDIR /viewer
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.13-slim-bookworm
ENV PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000 GALLERY_DATA=/data
RUN useradd --uid 10001 --no-create-home vitrine && install -d -o vitrine -m 0700 /data
WORKDIR /app
COPY requirements-server.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements-server.txt
COPY . ./
COPY --from=viewer /viewer/node_modules/photoswipe/dist/photoswipe.esm.min.js /viewer/node_modules/photoswipe/dist/photoswipe.css static/vendor/photoswipe/
RUN python -m compileall -q gallery
USER vitrine
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "app.py"]

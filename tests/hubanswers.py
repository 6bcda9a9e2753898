"""What the stand-in of the Hub answers, request by request."""

import base64
import json
import re
import socket
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from hubfiles import Repository, git, is_large, listed, sha256


class Answers(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    ROUTES = (
        ("POST", r"/api/repos/create", "create"),
        ("POST", r"/api/validate-yaml", "validate"),
        ("GET", r"/api/datasets/(?P<name>[^/]+/[^/]+)(?:/revision/(?P<revision>[^/]+))?", "info"),
        ("GET", r"/api/datasets/(?P<name>[^/]+/[^/]+)/refs", "refs"),
        ("GET", r"/api/datasets/(?P<name>[^/]+/[^/]+)/tree/(?P<revision>[^/]+)", "tree"),
        ("POST", r"/api/datasets/(?P<name>[^/]+/[^/]+)/preupload/(?P<revision>[^/]+)", "preupload"),
        ("POST", r"/api/datasets/(?P<name>[^/]+/[^/]+)/commit/(?P<revision>[^/]+)", "commit"),
        ("POST", r"/api/datasets/(?P<name>[^/]+/[^/]+)/tag/(?P<revision>[^/]+)", "tag"),
        ("POST", r"/datasets/(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", "batch"),
        ("PUT", r"/objects/(?P<oid>[0-9a-f]{64})", "upload"),
        ("POST", r"/verify", "verify"),
        ("GET", r"/objects/(?P<oid>[0-9a-f]{64})/(?P<path>.+)", "large"),
        ("GET", r"/datasets/(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)", "resolve"),
        ("GET", r"/(?P<path>.+)", "plain"),
    )

    def _answer(self):
        line = f"{self.command} {unquote(self.path)}"
        self.server.log.append((line, self.headers.get("Range", "")))
        self.body = self._read()
        if slow := self.server.fault(line, "slow"):
            time.sleep(slow.seconds)
        if refused := self.server.fault(line, int):
            self._send(refused.kind, b"later", refused.headers)
            return
        for pattern in list(self.server.before):
            if re.search(pattern, line):
                self.server.before.pop(pattern)()
        method = "GET" if self.command == "HEAD" else self.command
        path = urlsplit(self.path).path
        for verb, pattern, name in self.ROUTES:
            if verb == method and (found := re.fullmatch(pattern, path)):
                told = {key: value and unquote(value) for key, value in found.groupdict().items()}
                getattr(self, f"_{name}")(**told)
                return
        self._send(404)

    do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815 - the base class calls them so

    def _read(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_):
        """Say nothing."""

    # Repositories

    def _create(self):
        asked = json.loads(self.body)
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.server.repositories:
            self._json({"url": f"{self.server.url}/datasets/{name}"}, 409)
            return
        made = self.server.repositories[name] = Repository()
        made.commit({".gitattributes": b"*.parquet filter=lfs\n"})
        self._json({"url": f"{self.server.url}/datasets/{name}"})

    def _validate(self):
        self._json({"errors": [], "warnings": []})

    def _info(self, name, revision=None):
        if found := self._commit_at(name, revision or "main"):
            self._json({"id": name, "sha": found[1], "private": False, "tags": [], "siblings": []})

    def _refs(self, name):
        if found := self._commit_at(name, "main"):
            repository, sha = found
            tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": at} for tag, at in repository.tags.items()]
            main = {"name": "main", "ref": "refs/heads/main", "targetCommit": sha}
            self._json({"branches": [main], "converts": [], "tags": tags})

    def _tree(self, name, revision):
        if found := self._commit_at(name, revision):
            repository, sha = found
            self._json([listed(path, raw) for path, raw in sorted(repository.commits[sha].items())])

    def _preupload(self, name, **_):
        there = self.server.repositories[name].commits[self.server.repositories[name].main]
        told = []
        for file in json.loads(self.body)["files"]:
            mode = "lfs" if is_large(file["path"], file["size"]) else "regular"
            raw = there.get(file["path"])
            oid = None if raw is None else (sha256(raw) if mode == "lfs" else git(raw))
            told.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self._json({"files": told})

    def _batch(self, **_):
        url, told = self.server.url, []
        for each in json.loads(self.body)["objects"]:
            actions = {"upload": {"href": f"{url}/objects/{each['oid']}"}, "verify": {"href": f"{url}/verify"}}
            told.append({**each} if each["oid"] in self.server.objects else {**each, "actions": actions})
        self._json({"transfer": "basic", "objects": told})

    def _upload(self, oid):
        if sha256(self.body) == oid:
            self.server.objects[oid] = self.body
        self._send(200 if oid in self.server.objects else 400)

    def _verify(self):
        self._send(200 if json.loads(self.body)["oid"] in self.server.objects else 404)

    def _commit(self, name, **_):
        repository = self.server.repositories[name]
        header, *operations = (json.loads(line) for line in self.body.splitlines())
        if header["value"].get("parentCommit", repository.main) != repository.main:
            self._json({"error": "main moved"}, 412)
            return
        files = dict(repository.commits[repository.main])
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.server.objects[value["oid"]]
            else:
                del files[value["path"]]
        oid = repository.commit(files)
        self._json({"commitUrl": f"{self.server.url}/datasets/{name}/commit/{oid}", "commitOid": oid})

    def _tag(self, name, revision):
        repository, tag = self.server.repositories[name], json.loads(self.body)["tag"]
        if tag in repository.tags:
            self._json({"error": "tag exists"}, 409)
            return
        repository.tags[tag] = repository.at(revision)
        self._json({})

    # Files

    def _resolve(self, name, revision, path):
        if not (found := self._commit_at(name, revision)):
            return
        repository, sha = found
        raw = repository.commits[sha].get(path)
        if raw is None:
            self._send(404, headers={"X-Error-Code": "EntryNotFound"})
            return
        headers = {"X-Repo-Commit": sha, "ETag": f'"{git(raw)}"'}
        if not is_large(path, len(raw)):
            self._file(raw, headers)
            return
        oid = sha256(raw)
        self.server.objects[oid] = raw
        there = {"Location": f"{self.server.url}/objects/{oid}/{path}"}
        self._send(302, headers={**headers, **there, "X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(raw))})

    def _large(self, oid, **_):
        self._file(self.server.objects[oid], {"ETag": f'"{oid}"'})

    def _plain(self, path):
        """Serve a release as a plain web server does: ``/<owner>/<name>/<tag>/<path>``."""
        owner, name, tag, *rest = [*path.split("/"), "", "", ""]
        repository = self.server.repositories.get(f"{owner}/{name}")
        at = repository and repository.at(tag)
        raw = repository.commits[at].get("/".join(rest).rstrip("/")) if at else None
        if raw is None:
            self._send(404)
        else:
            self._file(raw, {})

    def _file(self, raw, headers):
        line = f"{self.command} {unquote(self.path)}"
        if self.server.fault(line, "flip"):
            raw = raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :]
        if self.server.fault(line, "truncate"):
            raw = raw[: len(raw) // 2]
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if found and not self.server.fault(line, "ignore"):
            start, end = int(found[1]), int(found[2] or len(raw) - 1)
            if start >= len(raw):
                self._send(416)
                return
            self._send(206, raw[start : end + 1], {**headers, "Content-Range": f"bytes {start}-{end}/{len(raw)}"})
        else:
            self._send(200, raw, headers)

    # What is sent

    def _commit_at(self, name, revision):
        repository = self.server.repositories.get(name)
        sha = repository and repository.at(revision)
        if sha:
            return repository, sha
        self._send(404, headers={"X-Error-Code": "RevisionNotFound" if repository else "RepoNotFound"})
        return None

    def _json(self, told, status=200):
        self._send(status, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _send(self, status, raw=b"", headers=None):
        line = f"{self.command} {unquote(self.path)}"
        if self.server.fault(line, "lost"):
            self._hang_up()
            return
        self.send_response(status)
        for name, value in {"Accept-Ranges": "bytes", **(headers or {}), "Content-Length": str(len(raw))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if len(raw) > 1 and self.server.fault(line, "cut"):
            self.wfile.write(raw[: len(raw) // 2])
            self.wfile.flush()
            self._hang_up()
            return
        self.wfile.write(raw)

    def _hang_up(self):
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

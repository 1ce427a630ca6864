"""Which release of the product this is: what figures are told apart by."""

from pathlib import Path


def release_of(checkout: Path, version: str) -> str:
    """The commit that is checked out, in twelve digits; without a repository, the package's version.

    Read from git's own files: nothing is run, and a clone without git installed starts as well.
    """
    head = _text(checkout / ".git")
    directory = checkout / ".git"
    if head.startswith("gitdir:"):  # a worktree: its files are elsewhere
        directory = Path(head.removeprefix("gitdir:").strip())
    head = _text(directory / "HEAD")
    if not head.startswith("ref:"):
        return head[:12] or version
    name = head.removeprefix("ref:").strip()
    common = directory / (_text(directory / "commondir") or ".")
    commit = _text(common / name) or _packed(common, name)
    return commit[:12] or version


def _packed(directory: Path, name: str) -> str:
    for line in _text(directory / "packed-refs").splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name:
            return commit
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""

"""The release is named by git's own files, however a clone keeps them."""

from grump.lib.release import release_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_branch_names_its_commit(tmp_path):
    (tmp_path / ".git/refs/heads").mkdir(parents=True)
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git/refs/heads/main").write_text(COMMIT + "\n")
    assert release_of(tmp_path, "0.1") == COMMIT[:12]


def test_a_packed_branch_and_a_detached_head_do_too(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git/packed-refs").write_text(f"# pack-refs\n{COMMIT} refs/heads/main\n")
    assert release_of(tmp_path, "0.1") == COMMIT[:12]
    (tmp_path / ".git/HEAD").write_text(COMMIT + "\n")
    assert release_of(tmp_path, "0.1") == COMMIT[:12]


def test_a_worktree_is_followed_to_its_repository(tmp_path):
    place = tmp_path / "repository/worktrees/one"
    place.mkdir(parents=True)
    (tmp_path / "repository/refs/heads").mkdir(parents=True)
    (tmp_path / "repository/refs/heads/side").write_text(COMMIT)
    (place / "HEAD").write_text("ref: refs/heads/side")
    (place / "commondir").write_text("../..")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / ".git").write_text(f"gitdir: {place}\n")
    assert release_of(checkout, "0.1") == COMMIT[:12]


def test_without_a_repository_it_is_the_version(tmp_path):
    assert release_of(tmp_path, "0.1") == "0.1"

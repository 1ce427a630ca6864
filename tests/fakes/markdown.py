"""A rich answer, with markup that must not run."""

MARKDOWN = """\
# A short tour

Text with **weight**, *stress*, `code` and a [link](https://example.org/?a=1&b=2).

1. First
2. Second
   - nested **item**
   - another

| model | tokens/s | cost |
|:------|---------:|-----:|
| small |      120 | 0.10 |
| large |       40 | 2.50 |

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"  # <b>not bold</b>
```

> Quoted, over
> two lines.

Inline $e^{i\\pi} + 1 = 0$ and a display:

$$\\int_0^1 x^2\\,dx = \\tfrac13$$

<script>window.hacked = true</script><img src=x onerror="window.hacked = true">

- [x] done
- [ ] open

Grüße, 世界 🙂 The end.
"""

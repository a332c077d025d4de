"""Text made to break out of wherever it is put."""

HOSTILE = "</pre></td></details></div><script>alert(1)</script><img src=x onerror=y>\"'&\u202e\x1b[31m\x00"

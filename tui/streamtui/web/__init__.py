"""The app in web browsers: `server` answers them, `tab` is the process behind one tab of one.

A tab is the app under `driver`, connected by pipes, and a terminal on one relay as any other. Who may log in
is decided in `logins`, which pages may talk to the server in `addresses`.
"""

"""Pictures of what was believed: data for them, the module that draws them, and files to send.

`js/` draws: the same files run in a browser and, through QuickJS, in Python, and give the same bytes.
"""

"""Pure Python: values in, values out. Nothing here imports Odoo."""

from . import collection_sheet

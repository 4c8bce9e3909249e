"""The studies, one package each; what such a package must hold is written down in :mod:`replisome.studies.contract`."""

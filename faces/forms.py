"""What people fill in about people. Names are judged by `clean_name` alone."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from faces.people import InvalidName, clean_name

PICTURE_TYPES = "image/jpeg,image/png,image/webp,image/bmp,image/gif"


class PicturesInput(forms.FileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Several pictures at once. What is in them is judged by the enrollment, one by one."""

    def __init__(self, **options: Any) -> None:
        widget = PicturesInput(attrs={"accept": PICTURE_TYPES, "multiple": True})
        super().__init__(**{"widget": widget, "allow_empty_file": True, **options})

    def clean(self, value: Any, initial: Any = None) -> "list[UploadedFile[bytes]]":
        uploads = value if isinstance(value, list | tuple) and value else [value or None]
        return [upload for upload in (super(PicturesField, self).clean(each, initial) for each in uploads) if upload]


class NameField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"widget": forms.TextInput(attrs={"autocomplete": "off", "maxlength": 100}), **options})

    def clean(self, value: Any) -> str:
        try:
            return clean_name(super().clean(value))
        except InvalidName as error:
            raise forms.ValidationError(f"{str(error)[:1].upper()}{str(error)[1:]}.", code=error.code) from error


class RenameForm(forms.Form):
    name = NameField()


class PersonForm(forms.Form):
    name = NameField()
    pictures = PicturesField(
        required=False, help_text="Two to five clear pictures of the face, from the front, in different light."
    )
    is_blocked = forms.BooleanField(
        required=False, label="On the watch-list", help_text="A visit of this person raises the alarm."
    )


class PicturesForm(forms.Form):
    pictures = PicturesField()


class AnswerForm(forms.Form):
    """A picture that the gate asked about, as the page held it, and the answer."""

    title = forms.CharField(required=False, max_length=200)
    picture = forms.CharField()
    box = forms.RegexField(r"^-?\d{1,5}(,-?\d{1,5}){3}$", required=False)
    confirmed = forms.BooleanField(required=False)
